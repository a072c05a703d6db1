import { JOBS } from '../promql/jobs.ts';
import { series } from '../promql/series.ts';
import { HOUR, MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';

/** The highest allowed number of restarts of an instance within an hour. */
export const RESTARTS = 3;
const API_UP = series('up', { job: JOBS.api });

/** Whether Prometheus reaches the programs, and whether its alerts arrive. */
export const TARGETS: AlertGroup = {
  name: 'phaselock-targets',
  alerts: [
    {
      name: 'PhaselockWatchdog',
      severity: 'none',
      summary: 'Watchdog: alerts are evaluated and delivered',
      condition: () => ({
        expr: 'vector(1)',
        description:
          'Always fires. If its receiver has not been called for 5 minutes, Prometheus, Alertmanager or the connection from them to it is broken.',
      }),
    },
    {
      // Listed before PhaselockApiDown, which it inhibits for the same instance, so that Prometheus evaluates it first.
      // If it ended after PhaselockApiDown, Alertmanager would not send the resolve of PhaselockApiDown.
      name: 'PhaselockApiAllDown',
      severity: 'page',
      summary: 'All API instances are down',
      condition: () => ({
        expr: `${API_UP} == 0 unless on (job) ${API_UP} == 1`,
        for: MINUTE,
        description:
          'Prometheus has not been able to scrape any instance of {{ $labels.job }} for 1 minute, {{ $labels.instance }} among them.',
      }),
    },
    {
      name: 'PhaselockApiDown',
      severity: 'page',
      summary: 'API instance {{ $labels.instance }} is down',
      condition: () => ({
        expr: `${API_UP} == 0`,
        for: 2 * MINUTE,
        description:
          'Prometheus has not been able to scrape {{ $labels.instance }} of {{ $labels.job }} for 2 minutes.',
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
          'For 1 minute every instance of {{ $labels.job }} that Prometheus can scrape has returned 503 at /readyz: a load balancer sends requests to none of them.',
      }),
    },
    {
      name: 'PhaselockApiAbsent',
      severity: 'page',
      summary: 'Prometheus has no API target',
      condition: () => ({
        expr: `absent(${API_UP})`,
        for: 5 * MINUTE,
        description:
          'The job {{ $labels.job }} has had no target, up or down, for 5 minutes. None of its alerts can fire.',
      }),
    },
    {
      name: 'PhaselockWorkerDown',
      severity: 'ticket',
      summary: 'Purge worker {{ $labels.instance }} is down',
      condition: () => ({
        expr: `${series('up', { job: JOBS.worker })} == 0`,
        for: 15 * MINUTE,
        description:
          'Prometheus has not been able to scrape {{ $labels.instance }} of {{ $labels.job }} for 15 minutes.',
      }),
    },
    {
      name: 'PhaselockWorkerAbsent',
      severity: 'ticket',
      summary: 'Prometheus has no purge worker target',
      condition: () => ({
        expr: `absent(${series('up', { job: JOBS.worker })})`,
        for: 15 * MINUTE,
        description:
          'The job {{ $labels.job }} has had no target, up or down, for 15 minutes. None of its alerts can fire.',
      }),
    },
    {
      name: 'PhaselockRestarting',
      severity: 'ticket',
      summary: '{{ $labels.instance }} restarts repeatedly',
      condition: ({ range }) => ({
        expr: `changes(${series('process_start_time_seconds', { job: Object.values(JOBS) })}[${range(HOUR)}]) > ${RESTARTS}`,
        description: `{{ $labels.instance }} of {{ $labels.job }} was restarted {{ $value }} times within 1 hour. The limit is ${RESTARTS}.`,
      }),
    },
  ],
};
