import { JOBS } from '../promql/jobs.ts';
import { ofEachInstance } from '../promql/of-each-instance.ts';
import { series } from '../promql/series.ts';
import { ofIndicator, recordedWithin } from '../recording/recorded.ts';
import { MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';
import { shareAbove } from './share-above.ts';

/** Only the API exposes how often its embedded server ended; a purge worker restarts its own without a metric. */
const OF_API = { job: JOBS.api };
const BOTH = { job: Object.values(JOBS) };
/** The specification: "CPU utilization should not exceed 80 % … under high load". Memory has the same limit. */
export const FULL = 0.8;

/** CPU, memory and disk of a process, and the requests it sheds. */
export const API: AlertGroup = {
  name: 'phaselock-api',
  alerts: [
    {
      name: 'PhaselockCpuHigh',
      severity: 'ticket',
      summary: 'High CPU use on {{ $labels.instance }}',
      condition: ({ range }) => ({
        expr: `sum by (job, instance) (rate(${series('process_cpu_seconds_total', BOTH)}[${range(5 * MINUTE)}])) / ${ofEachInstance(series('phaselock_cpu_limit_cores', BOTH))} > ${FULL}`,
        for: 15 * MINUTE,
        description: `{{ $labels.instance }} of {{ $labels.job }} uses {{ $value | humanizePercentage }} of its CPU limit, and has been above ${FULL * 100}% for 15 minutes.`,
      }),
    },
    {
      name: 'PhaselockMemoryHigh',
      severity: 'ticket',
      summary: 'High memory use on {{ $labels.instance }}',
      condition: () => ({
        expr: `${ofEachInstance(series('process_resident_memory_bytes', BOTH))} / ${ofEachInstance(series('phaselock_memory_limit_bytes', BOTH))} > ${FULL}`,
        for: 15 * MINUTE,
        description: `{{ $labels.instance }} of {{ $labels.job }} uses {{ $value | humanizePercentage }} of its memory limit, and has been above ${FULL * 100}% for 15 minutes. At 100% the process is killed.`,
      }),
    },
    {
      name: 'PhaselockShedding',
      severity: 'page',
      summary: 'Requests are shed because of overload',
      condition: (context) => ({
        expr: shareAbove(context, {
          indicator: 'shed',
          window: 5 * MINUTE,
          limit: context.stages.preconditions.mostShedRequests,
        }),
        for: 10 * MINUTE,
        description:
          '{{ $value | humanizePercentage }} of the requests of the last 5 minutes were shed: refused at once because too many others were waiting.',
      }),
    },
    {
      name: 'PhaselockStorageFull',
      severity: 'page',
      summary: 'The disk of the database is full: writes are refused',
      condition: ({ events }) => ({
        expr: `${ofIndicator(recordedWithin.bad(5 * MINUTE), 'storage')} >= ${events(1)}`,
        // Only writes fail on a full disk, and refused callers retry later. So minutes without an error do not mean
        // that there is room again.
        keepFiringFor: 30 * MINUTE,
        description:
          '{{ $value | humanize }} requests of 5 minutes ended with storage_full. Acknowledged writes are kept and reads are answered. The alert goes on for at least 30 minutes after the last such request.',
      }),
    },
    {
      name: 'PhaselockEmbeddedServerDown',
      severity: 'page',
      summary: 'The embedded PostgreSQL of {{ $labels.instance }} is down',
      condition: () => ({
        expr: `${series('phaselock_embedded_server_ends_total', OF_API)} - ${series('phaselock_embedded_server_restarts_total', OF_API)} > 0`,
        for: MINUTE,
        description:
          'The embedded PostgreSQL of {{ $labels.instance }} ended and has not been running for 1 minute (ends minus restarts: {{ $value }}).',
      }),
    },
  ],
};
