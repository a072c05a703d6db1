import type { Stages } from '@phaselock/rollout';
import { UNAVAILABLE } from '../../alerts/budget-burn.ts';
import { JOBS } from '../../promql/jobs.ts';
import { allowedBy, gateNamed } from '../../recording/indicators.ts';
import { budgetGauge } from '../budgets.ts';
import { chosen, most, quantile, rate, ratesOf, ratio, sum } from '../expressions.ts';
import { gateChart, gateStat } from '../gate-panels.ts';
import type { DashboardPlan, PanelPlan, RowPlan } from '../plan.ts';

/**
 * Counted as in the recording rules: streams, downloads and probes are in other histograms, and requests without a
 * route are left out.
 */
const requests = sum(rate(chosen('phaselock_http_request_seconds_count', {}, { operation: 'unknown' })));
const byStatus = (status: { readonly status_class?: '5xx' } = {}): string =>
  `${rate(chosen('phaselock_http_requests_total', status, { operation: 'unknown' }))} and on (job, instance, operation) ${chosen('phaselock_http_request_seconds_count')}`;
const firing = (severity: string): string => `ALERTS{alertstate="firing",service="phaselock",severity=~"${severity}"}`;

export const overview = (stages: Stages): DashboardPlan => ({
  uid: 'phaselock-overview',
  title: 'phaselock: overview',
  description: 'Are users affected, by what, since when, and how much of the error budgets is left?',
  jobsOf: 'phaselock_flag_enabled',
  jobs: [JOBS.api],
  rows: [hurt(stages), budgets(stages), traffic, latency(stages), saturation(stages)],
});

const hurt = (stages: Stages): RowPlan => ({
  title: 'Are users affected?',
  height: 4,
  panels: [
    {
      kind: 'stat',
      title: 'Alerts that page',
      description: 'Firing alerts of severity page. The table "Firing alerts" names them.',
      unit: 'none',
      queries: [{ expr: `count(${firing('page')}) or vector(0)`, legend: 'firing' }],
      runbook: 'PhaselockWatchdog',
      limit: { at: 1, bad: 'above' },
    },
    {
      kind: 'stat',
      title: 'Targets up',
      description: 'Share of the API processes known to Prometheus that it can scrape.',
      unit: 'percentunit',
      queries: [{ expr: `avg(${chosen('up')})`, legend: 'up' }],
      runbook: 'PhaselockApiDown',
      limit: { at: 1, bad: 'below' },
      none: 'absent',
    },
    {
      kind: 'stat',
      title: 'Answered with 5xx',
      description: 'Share of requests answered with a server error. Streams, downloads and probes are left out.',
      unit: 'percentunit',
      queries: [{ expr: ratio(sum(byStatus({ status_class: '5xx' })), requests), legend: '5xx' }],
      runbook: 'PhaselockAvailabilityBudgetBurn',
      limit: { at: UNAVAILABLE, bad: 'above' },
      decimals: 2,
      none: 'quiet',
    },
    gateStat(stages, 'error_rate', {
      title: 'Starts that failed',
      description:
        'Share of starts that ended as failed or busy. Questions count as good; errors of the caller are left out.',
      runbook: 'PhaselockErrorRateHigh',
    }),
    gateStat(stages, 'replacement_success', {
      title: 'Replacements that failed',
      description: 'Share of confirmed replacements that ended as failed or busy.',
      runbook: 'PhaselockReplacementsFailing',
    }),
    {
      kind: 'stat',
      title: 'Requests shed',
      description: 'Share of requests refused at once because of overload.',
      unit: 'percentunit',
      queries: [{ expr: ratio(sum(rate(chosen('phaselock_http_requests_shed_total'))), requests), legend: 'shed' }],
      runbook: 'PhaselockShedding',
      limit: { at: stages.preconditions.mostShedRequests, bad: 'above' },
      decimals: 2,
      none: 'quiet',
    },
  ],
});

const budgets = (stages: Stages): RowPlan => ({
  title: 'Error budgets and firing alerts',
  height: 6,
  panels: [
    budgetGauge({
      title: 'Availability',
      indicator: 'availability',
      allowed: UNAVAILABLE,
      of: 'requests answered with a server error',
      runbook: 'PhaselockAvailabilityBudgetBurn',
    }),
    budgetGauge({
      title: 'Replacements',
      indicator: 'replacement',
      allowed: allowedBy(gateNamed(stages, 'replacement_success')),
      of: 'replacements that fail',
      runbook: 'PhaselockReplacementBudgetBurn',
    }),
    budgetGauge({
      title: 'Lookup time',
      indicator: 'lookup',
      allowed: allowedBy(gateNamed(stages, 'lookup_time')),
      of: 'lookups in the database that are too slow',
      runbook: 'PhaselockLookupBudgetBurn',
    }),
    budgetGauge({
      title: 'Replacement time',
      indicator: 'replacement_time',
      allowed: allowedBy(gateNamed(stages, 'replacement_time')),
      of: 'replacements that are too slow',
      runbook: 'PhaselockReplacementTimeBudgetBurn',
    }),
    {
      kind: 'table',
      title: 'Firing alerts',
      description: 'Every firing alert of severity page or ticket. Each one has a runbook.',
      unit: 'none',
      queries: [{ expr: `sum by (alertname, severity, instance) (${firing('page|ticket')})`, legend: '{{alertname}}' }],
      runbook: 'PhaselockWatchdog',
      columns: { severity: 'Severity', alertname: 'Alert', instance: 'Instance' },
      none: 'No alert fires',
    },
  ],
});

const traffic: RowPlan = {
  title: 'Traffic and errors',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Requests',
      description: 'Requests per second by status class. Most 4xx responses are questions to the caller, not errors.',
      unit: 'reqps',
      queries: [{ expr: `${sum(byStatus(), 'status_class')} > 0`, legend: '{{status_class}}' }],
      runbook: 'PhaselockAvailabilityBudgetBurn',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Starts by outcome',
      description: 'Requests to start a session, by outcome.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_session_starts_total'), 'outcome'), legend: '{{outcome}}' }],
      runbook: 'PhaselockErrorRateHigh',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Errors by code',
      description:
        'Operations that ended with an error. For each code, docs/errors describes when it happens and what to do.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_errors_total'), 'code'), legend: '{{code}}' }],
      runbook: 'PhaselockErrorRateHigh',
      none: 'No errors',
    },
  ],
};

const buckets = chosen('phaselock_http_request_seconds_bucket');

const latency = (stages: Stages): RowPlan => ({
  title: 'Latency',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Request time',
      description: 'Time of requests without streams, downloads and probes. A dot is one request, found in the logs.',
      unit: 's',
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, chosen('phaselock_http_request_seconds_bucket')),
        legend: `p${q * 100}`,
        exemplars: q === 0.99,
      })),
      runbook: 'PhaselockLookupSlow',
    },
    {
      kind: 'timeseries',
      title: 'Slowest operations',
      description: 'The 95th percentile of the five operations that are slowest over the displayed time range.',
      unit: 's',
      queries: [
        {
          expr: `${quantile(0.95, buckets, 'operation')} and on (operation) topk(5, histogram_quantile(0.95, ${sum(`rate(${buckets}[$__range] @ end())`, 'le', 'operation')}))`,
          legend: '{{operation}}',
        },
      ],
      runbook: 'PhaselockReplacementSlow',
    },
    gateChart(stages, 'replacement_time', {
      title: 'Replacement time',
      description: 'The 95th percentile of the time from the request to replace a session to its answer.',
      runbook: 'PhaselockReplacementSlow',
      exemplars: true,
    }),
  ],
});

const saturation = (stages: Stages): RowPlan => ({
  title: 'Saturation',
  height: 8,
  panels: [
    gateChart(stages, 'cpu', {
      title: 'CPU use',
      description: 'CPU time of each instance as a share of its CPU limit.',
      runbook: 'PhaselockCpuHigh',
    }),
    waiting,
    {
      kind: 'timeseries',
      title: 'Event loop delay',
      description: 'The 99th percentile of the event loop delay, which delays every request.',
      unit: 's',
      queries: [{ expr: most(chosen('nodejs_eventloop_lag_p99_seconds'), 'instance'), legend: '{{instance}}' }],
      runbook: 'PhaselockShedding',
      min: 0,
    },
  ],
});

const waiting: PanelPlan = {
  kind: 'timeseries',
  title: 'Waiting for a database connection',
  description:
    'Callers in the queue of the pool. If the queue does not empty, the pool is too small or the database too slow.',
  unit: 'short',
  queries: [
    { expr: sum(chosen('phaselock_pool_connections', { state: 'waiting' }), 'instance'), legend: '{{instance}}' },
  ],
  runbook: 'PhaselockPoolWaitLong',
  min: 0,
};
