import { JOBS } from '../promql/jobs.ts';
import { ofEachInstance } from '../promql/of-each-instance.ts';
import { series } from '../promql/series.ts';
import { ofIndicator, recordedWithin } from '../recording/recorded.ts';
import { MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

/** It is they who count the ends of an embedded server; a worker looks after it without a number. */
const OF_API = { job: JOBS.api };
const BOTH = { job: Object.values(JOBS) };
/** "CPU utilization should not exceed 80 % … under high load" of the specification, and the same share of the memory. */
export const FULL = 0.8;

/** What a process has and what it refuses. */
export const API: AlertGroup = {
  name: 'phaselock-api',
  alerts: [
    {
      name: 'PhaselockCpuHigh',
      severity: 'ticket',
      summary: '{{ $labels.instance }} is short of processor time',
      condition: ({ range }) => ({
        expr: `sum by (job, instance) (rate(${series('process_cpu_seconds_total', BOTH)}[${range(5 * MINUTE)}])) / ${ofEachInstance(series('phaselock_cpu_limit_cores', BOTH))} > ${FULL}`,
        for: 15 * MINUTE,
        description:
          '{{ $labels.instance }} of {{ $labels.job }} uses {{ $value | humanizePercentage }} of the processors it may use.',
      }),
    },
    {
      name: 'PhaselockMemoryHigh',
      severity: 'ticket',
      summary: '{{ $labels.instance }} is short of memory',
      condition: () => ({
        expr: `${ofEachInstance(series('process_resident_memory_bytes', BOTH))} / ${ofEachInstance(series('phaselock_memory_limit_bytes', BOTH))} > ${FULL}`,
        for: 15 * MINUTE,
        description:
          '{{ $labels.instance }} of {{ $labels.job }} has {{ $value | humanizePercentage }} of the memory it may have. At 100% it is killed.',
      }),
    },
    {
      name: 'PhaselockShedding',
      severity: 'page',
      summary: 'Requests are refused for overload',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'shed',
          window: 5 * MINUTE,
          limit: context.stages.preconditions.mostShedRequests,
        }),
        for: 10 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the requests of 5 minutes were refused at once, because there was more to do than could be done in time.',
      }),
    },
    {
      name: 'PhaselockStorageFull',
      severity: 'page',
      summary: 'A disk is full: nothing can be written',
      condition: ({ events }) => ({
        expr: `${ofIndicator(recordedWithin.bad(5 * MINUTE), 'storage')} >= ${events(1)}`,
        description:
          '{{ $value | humanize }} operations of the last 5 minutes ended with storage_full. What was acknowledged is kept, reads are answered.',
      }),
    },
    {
      name: 'PhaselockEmbeddedServerDown',
      severity: 'page',
      summary: 'The embedded PostgreSQL of {{ $labels.instance }} does not run',
      condition: () => ({
        expr: `${series('phaselock_embedded_server_ends_total', OF_API)} - ${series('phaselock_embedded_server_restarts_total', OF_API)} > 0`,
        for: MINUTE,
        description: 'It ended {{ $value }} times more often than it was started again.',
      }),
    },
  ],
};
