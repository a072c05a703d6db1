import { AWAY } from '../../alerts/cache-and-flags.ts';
import { JOBS } from '../../promql/jobs.ts';
import { chosen, quantile, rate, ratesOf, ratio, shareOf, sum } from '../expressions.ts';
import type { DashboardPlan, PanelPlan, RowPlan } from '../plan.ts';

export const cache = (): DashboardPlan => ({
  uid: 'phaselock-cache',
  title: 'phaselock: cache',
  description: 'Is Redis there, are answers from the cache trusted, and what would the database bear without it?',
  jobsOf: 'phaselock_cache_requests_total',
  jobs: [JOBS.api],
  rows: [now, snapshots, invalidations],
});

const asked = (matching: Parameters<typeof chosen<'phaselock_cache_requests_total'>>[1]): string =>
  chosen('phaselock_cache_requests_total', matching);

const now: RowPlan = {
  title: 'Is the cache there?',
  height: 4,
  panels: [
    {
      kind: 'stat',
      title: 'Answered from the cache',
      description: 'Share of the snapshots asked for that were found and trusted. The rest is read from the database.',
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
      description: 'Share of what was asked of Redis that failed, or was not asked because it failed before.',
      unit: 'percentunit',
      queries: [
        {
          expr: shareOf([asked({ layer: 'redis', result: ['failed', 'bypassed'] })], [asked({ layer: 'redis' })]),
          legend: 'away',
        },
      ],
      runbook: 'PhaselockRedisAway',
      limit: { at: AWAY, bad: 'above' },
      decimals: 1,
      none: 'no Redis',
    },
    {
      kind: 'stat',
      title: 'Invalidations that failed',
      description:
        'Messages that could not be sent. Others trust what they have until they notice, and read the database then.',
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
      description: 'Lookups of the latest session that no cache answered.',
      unit: 'ops',
      queries: [
        {
          expr: sum(rate(chosen('phaselock_session_lookup_seconds_count', { source: 'database' }))),
          legend: 'a second',
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
      description: 'Share of what each layer was asked that it had. "trusted" is what the caller was answered.',
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
    layer('memory', 'What the memory of the process was asked.'),
    layer('redis', 'What Redis was asked. bypassed: it failed before and is left alone for a while.'),
  ],
};

const invalidations: RowPlan = {
  title: 'Invalidations and lookups',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Invalidations',
      description: 'Sent: delivered, retried, failed. Arrived: received, ignored as unreadable.',
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
      description: 'Where the latest session of a slot was found.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_session_lookup_seconds_count'), 'source'), legend: '{{source}}' }],
      runbook: 'PhaselockLookupSlow',
      stacked: true,
    },
  ],
};
