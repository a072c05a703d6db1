import { JOBS } from '../promql/jobs.ts';
import { series } from '../promql/series.ts';
import { HOUR, MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';

export const RESTARTS = 3;

/** Whether the programs are there, and whether anybody would learn of it. */
export const TARGETS: AlertGroup = {
  name: 'phaselock-targets',
  alerts: [
    {
      name: 'PhaselockWatchdog',
      severity: 'none',
      summary: 'Alerts are evaluated and arrive',
      condition: () => ({
        expr: 'vector(1)',
        description:
          'Always fires. Where it stays away for minutes, Prometheus, Alertmanager or the way from them is broken.',
      }),
    },
    {
      name: 'PhaselockApiDown',
      severity: 'page',
      summary: 'The API {{ $labels.instance }} does not answer',
      condition: () => ({
        expr: `${series('up', { job: JOBS.api })} == 0`,
        for: 2 * MINUTE,
        description: 'Prometheus has not been able to scrape {{ $labels.instance }} for 2 minutes.',
      }),
    },
    {
      name: 'PhaselockNotReady',
      severity: 'page',
      summary: 'No API is ready: no request is served',
      condition: () => ({
        expr: `sum by (job) (${series('phaselock_ready', { job: JOBS.api })}) == 0`,
        for: MINUTE,
        description:
          'For 1 minute every instance of {{ $labels.job }} that answers Prometheus has said 503 at /readyz: a balancer sends requests to none of them.',
      }),
    },
    {
      name: 'PhaselockApiAbsent',
      severity: 'page',
      summary: 'No API is known to Prometheus',
      condition: () => ({
        expr: `absent(${series('up', { job: JOBS.api })})`,
        for: 5 * MINUTE,
        description:
          'For 5 minutes no target of the job {{ $labels.job }} has been found, up or down: none of its alerts can fire.',
      }),
    },
    {
      name: 'PhaselockWorkerDown',
      severity: 'ticket',
      summary: 'The purge worker {{ $labels.instance }} does not answer',
      condition: () => ({
        expr: `${series('up', { job: JOBS.worker })} == 0`,
        for: 15 * MINUTE,
        description: 'Prometheus has not been able to scrape {{ $labels.instance }} for 15 minutes.',
      }),
    },
    {
      name: 'PhaselockWorkerAbsent',
      severity: 'ticket',
      summary: 'No purge worker is known to Prometheus',
      condition: () => ({
        expr: `absent(${series('up', { job: JOBS.worker })})`,
        for: 15 * MINUTE,
        description:
          'For 15 minutes no target of the job {{ $labels.job }} has been found, up or down: none of its alerts can fire.',
      }),
    },
    {
      name: 'PhaselockRestarting',
      severity: 'ticket',
      summary: '{{ $labels.instance }} begins again and again',
      condition: ({ range }) => ({
        expr: `changes(${series('process_start_time_seconds', { job: Object.values(JOBS) })}[${range(HOUR)}]) > ${RESTARTS}`,
        description: '{{ $labels.instance }} of {{ $labels.job }} began {{ $value }} times within an hour.',
      }),
    },
  ],
};
