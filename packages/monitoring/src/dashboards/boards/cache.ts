import { AWAY } from '../../alerts/cache-and-flags.ts';
import { JOBS } from '../../promql/jobs.ts';
import { chosen, quantile, rate, ratesOf, ratio, shareOf, sum } from '../expressions.ts';
import type { DashboardPlan, PanelPlan, RowPlan } from '../plan.ts';

export const cache = (): DashboardPlan => ({
  uid: 'phaselock-cache',
  title: 'phaselock: cache',
  description:
    'Is Redis available, are answers from the cache trusted, and how many lookups does the cache save the database?',
  jobsOf: 'phaselock_cache_requests_total',
  jobs: [JOBS.api],
  rows: [now, snapshots, invalidations],
});

const asked = (matching: Parameters<typeof chosen<'phaselock_cache_requests_total'>>[1]): string =>
  chosen('phaselock_cache_requests_total', matching);

const now: RowPlan = {
  title: 'Is the cache available?',
  height: 4,
  panels: [
    {
      kind: 'stat',
      title: 'Answered from the cache',
      description: 'Share of the snapshot lookups that a trusted cache entry answered. The rest reads the database.',
      unit: 'percentunit',
      queries: [
        { expr: shareOf([asked({ layer: 'trusted', result: 'hit' })], [asked({ layer: 'trusted' })]), legend: 'hits' },
      ],
      runbook: 'PhaselockRedisAway',
      decimals: 1,
      none: 'quiet',
    },
    {
      kind: 'stat',
      title: 'Redis failed or bypassed',
      description: 'Share of the queries to Redis that failed, or were skipped because earlier queries had failed.',
      unit: 'percentunit',
      queries: [
        {
          expr: shareOf([asked({ layer: 'redis', result: ['failed', 'bypassed'] })], [asked({ layer: 'redis' })]),
          legend: 'unavailable',
        },
      ],
      runbook: 'PhaselockRedisAway',
      limit: { at: AWAY, bad: 'above' },
      decimals: 1,
      none: 'no Redis',
    },
    {
      kind: 'stat',
      title: 'Failed invalidations',
      description:
        'Invalidations that could not be sent. Other instances trust their snapshots until they detect the failure.',
      unit: 'ops',
      queries: [
        { expr: sum(rate(chosen('phaselock_cache_invalidations_total', { result: 'failed' }))), legend: 'failed' },
      ],
      runbook: 'PhaselockRedisAway',
      limit: { at: 0.1, bad: 'above' },
      decimals: 2,
    },
    {
      kind: 'stat',
      title: 'Lookups in the database',
      description: 'Lookups of the latest session that were not answered from a cache.',
      unit: 'ops',
      queries: [
        {
          expr: sum(rate(chosen('phaselock_session_lookup_seconds_count', { source: 'database' }))),
          legend: 'per second',
        },
      ],
      runbook: 'PhaselockLookupSlow',
      decimals: 1,
    },
  ],
};

const layer = (name: 'memory' | 'redis', description: string): PanelPlan => ({
  kind: 'timeseries',
  title: `Layer ${name}`,
  description,
  unit: 'ops',
  queries: [{ expr: ratesOf(asked({ layer: name }), 'result'), legend: '{{result}}' }],
  runbook: 'PhaselockRedisAway',
  stacked: true,
});

const snapshots: RowPlan = {
  title: 'Snapshots',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Hit rate by layer',
      description: 'Share of the queries to each layer that were hits. "trusted" is the answer the caller received.',
      unit: 'percentunit',
      queries: [
        {
          expr: ratio(sum(rate(asked({ result: 'hit' })), 'layer'), sum(rate(asked({})), 'layer')),
          legend: '{{layer}}',
        },
      ],
      runbook: 'PhaselockRedisAway',
      min: 0,
      max: 1,
    },
    layer('memory', 'Snapshot queries to the memory of the process, by result.'),
    layer('redis', 'Snapshot queries to Redis, by result. bypassed: not sent, because Redis failed shortly before.'),
  ],
};

const invalidations: RowPlan = {
  title: 'Invalidations and lookups',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Invalidations',
      description: 'Invalidations sent (delivered, retried, failed) and arrived (received, ignored as unreadable).',
      unit: 'ops',
      queries: [{ expr: sum(rate(chosen('phaselock_cache_invalidations_total')), 'result'), legend: '{{result}}' }],
      runbook: 'PhaselockRedisAway',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Lookup time by source',
      description: 'The 95th percentile of the time until the latest session of a slot was found.',
      unit: 's',
      queries: [
        { expr: quantile(0.95, chosen('phaselock_session_lookup_seconds_bucket'), 'source'), legend: '{{source}}' },
      ],
      runbook: 'PhaselockLookupSlow',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Lookups by source',
      description: 'Lookups of the latest session of a slot, by where it was found.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_session_lookup_seconds_count'), 'source'), legend: '{{source}}' }],
      runbook: 'PhaselockLookupSlow',
      stacked: true,
    },
  ],
};
