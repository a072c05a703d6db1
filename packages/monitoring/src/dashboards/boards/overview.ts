import type { Stages } from '@phaselock/rollout';
import { UNAVAILABLE } from '../../alerts/budget-burn.ts';
import { JOBS } from '../../promql/jobs.ts';
import { allowedBy, gateNamed } from '../../recording/indicators.ts';
import { budgetGauge } from '../budgets.ts';
import { chosen, most, quantile, rate, ratesOf, ratio, sum } from '../expressions.ts';
import { gateChart, gateStat } from '../gate-panels.ts';
import type { DashboardPlan, PanelPlan, RowPlan } from '../plan.ts';

/** As the recording rules count them: streams, downloads and probes are in other histograms, and what has no route was not asked of us. */
const requests = sum(rate(chosen('phaselock_http_request_seconds_count', {}, { operation: 'unknown' })));
const byStatus = (status: { readonly status_class?: '5xx' } = {}): string =>
  `${rate(chosen('phaselock_http_requests_total', status, { operation: 'unknown' }))} and on (job, instance, operation) ${chosen('phaselock_http_request_seconds_count')}`;
const firing = (severity: string): string => `ALERTS{alertstate="firing",service="phaselock",severity=~"${severity}"}`;

export const overview = (stages: Stages): DashboardPlan => ({
  uid: 'phaselock-overview',
  title: 'phaselock: overview',
  description: 'Is anybody hurt, by what, since when, and how much of the error budgets is left?',
  jobsOf: 'phaselock_flag_enabled',
  jobs: [JOBS.api],
  rows: [hurt(stages), budgets(stages), traffic, latency(stages), saturation(stages)],
});

const hurt = (stages: Stages): RowPlan => ({
  title: 'Is anybody hurt?',
  height: 4,
  panels: [
    {
      kind: 'stat',
      title: 'Alerts that page',
      description: 'Alerts of severity page that are firing. "What fires" names them.',
      unit: 'none',
      queries: [{ expr: `count(${firing('page')}) or vector(0)`, legend: 'firing' }],
      runbook: 'PhaselockWatchdog',
      limit: { at: 1, bad: 'above' },
    },
    {
      kind: 'stat',
      title: 'Targets that answer',
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
        'Share of starts that ended as failed or busy. A question is an answer; what a caller got wrong counts on neither side.',
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
      description: 'Share of requests refused at once because there was more to do than could be done in time.',
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
  title: 'Error budgets, and what fires',
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
      title: 'What fires',
      description: 'Every alert of severity page or ticket that is firing. Each has its runbook.',
      unit: 'none',
      queries: [{ expr: `sum by (alertname, severity, instance) (${firing('page|ticket')})`, legend: '{{alertname}}' }],
      runbook: 'PhaselockWatchdog',
      columns: { severity: 'Severity', alertname: 'Alert', instance: 'Instance' },
      none: 'Nothing fires',
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
      description: 'Requests a second by class of status. Most of 4xx are questions, which are answers.',
      unit: 'reqps',
      queries: [{ expr: `${sum(byStatus(), 'status_class')} > 0`, legend: '{{status_class}}' }],
      runbook: 'PhaselockAvailabilityBudgetBurn',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Starts by outcome',
      description: 'Requests to start a session, by what they came to.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_session_starts_total'), 'outcome'), legend: '{{outcome}}' }],
      runbook: 'PhaselockErrorRateHigh',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Errors by code',
      description:
        'Operations that ended with an error. docs/errors has a page for each code: when it happens, what to do.',
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
      description: 'Of requests that are no stream, download or probe. A dot is one request; its id is in the logs.',
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
      description: 'The 95th percentile of the five operations that are slowest over the time that is shown.',
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
      title: 'CPU of its limit',
      description: 'Processor time of each instance as a share of what it may use.',
      runbook: 'PhaselockCpuHigh',
    }),
    waiting,
    {
      kind: 'timeseries',
      title: 'Event loop delay',
      description: 'The 99th percentile of how late the event loop is. What is late here is late for every request.',
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
  description: 'Callers in the queue of the pool. A queue that stays: the pool is too small, or the database too slow.',
  unit: 'short',
  queries: [
    { expr: sum(chosen('phaselock_pool_connections', { state: 'waiting' }), 'instance'), legend: '{{instance}}' },
  ],
  runbook: 'PhaselockPoolWaitLong',
  min: 0,
};
