import type { Stages } from '@phaselock/rollout';
import { CONTENDED } from '../../alerts/pool-and-locks.ts';
import { JOBS } from '../../promql/jobs.ts';
import { chosen, quantile, rate, ratesOf, ratio, sum } from '../expressions.ts';
import { gateChart, gateStat } from '../gate-panels.ts';
import type { DashboardPlan, RowPlan } from '../plan.ts';

export const locksAndPool = (stages: Stages): DashboardPlan => ({
  uid: 'phaselock-locks-and-pool',
  title: 'phaselock: locks and pool',
  description: 'Do callers wait for each other, for a database connection, or for a database that is away?',
  jobsOf: 'phaselock_pool_max_connections',
  jobs: [JOBS.api],
  rows: [now(stages), pool(stages), locks(stages), contention],
});

const now = (stages: Stages): RowPlan => ({
  title: 'Does anybody wait?',
  height: 4,
  panels: [
    gateStat(stages, 'pool_wait', {
      title: 'Wait for a connection',
      description: 'The 95th percentile of the wait for a database connection.',
      runbook: 'PhaselockPoolWaitLong',
    }),
    {
      kind: 'stat',
      title: 'Waiting now',
      description: 'Callers in the queues of the pools.',
      unit: 'none',
      queries: [{ expr: sum(chosen('phaselock_pool_connections', { state: 'waiting' })), legend: 'waiting' }],
      runbook: 'PhaselockPoolWaitLong',
      limit: { at: 10, bad: 'above' },
    },
    {
      kind: 'gauge',
      title: 'Pool in use',
      description: 'Share of the connections there may be that are in use, of the instance that is worst off.',
      unit: 'percentunit',
      queries: [
        {
          expr: `max(${sum(chosen('phaselock_pool_connections', { state: 'active' }), 'instance')} / ${sum(chosen('phaselock_pool_max_connections'), 'instance')})`,
          legend: 'in use',
        },
      ],
      runbook: 'PhaselockPoolWaitLong',
      limit: { at: 0.9, bad: 'above' },
      min: 0,
      max: 1,
    },
    gateStat(stages, 'connection_failures', {
      title: 'Connections not had',
      description: 'Share of the connections asked for that could not be had.',
      runbook: 'PhaselockConnectionFailures',
    }),
    gateStat(stages, 'lock_timeouts', {
      title: 'Locks given up',
      description: 'Share of the locks tried for that were given up.',
      runbook: 'PhaselockLockTimeouts',
    }),
    {
      kind: 'stat',
      title: 'Embedded PostgreSQL down',
      description:
        'Times the embedded server ended without being told to and has not come back. Always 0 with a database of your own.',
      unit: 'none',
      queries: [
        {
          expr: `sum(${chosen('phaselock_embedded_server_ends_total')}) - sum(${chosen('phaselock_embedded_server_restarts_total')})`,
          legend: 'down',
        },
      ],
      runbook: 'PhaselockEmbeddedServerDown',
      limit: { at: 1, bad: 'above' },
    },
  ],
});

const pool = (stages: Stages): RowPlan => ({
  title: 'The connection pool',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Connections',
      description: 'In use, idle, and callers waiting; and the most connections there may be.',
      unit: 'short',
      queries: [
        { expr: sum(chosen('phaselock_pool_connections'), 'state'), legend: '{{state}}' },
        { expr: sum(chosen('phaselock_pool_max_connections')), legend: 'at most' },
      ],
      runbook: 'PhaselockPoolWaitLong',
      min: 0,
    },
    {
      ...gateChart(stages, 'pool_wait', {
        title: 'Wait for a connection',
        description:
          'How long a caller waits for a database connection. A wait that was given up counts with its time.',
        runbook: 'PhaselockPoolWaitLong',
      }),
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, chosen('phaselock_pool_wait_seconds_bucket')),
        legend: `p${q * 100}`,
      })),
    },
    {
      kind: 'timeseries',
      title: 'Not had, given up',
      description: 'Connections that could not be had, and waits that were given up because their time was over.',
      unit: 'ops',
      queries: [
        { expr: sum(rate(chosen('phaselock_pool_connection_failures_total'))), legend: 'not had' },
        { expr: sum(rate(chosen('phaselock_pool_wait_timeouts_total'))), legend: 'given up' },
      ],
      runbook: 'PhaselockConnectionFailures',
      min: 0,
    },
  ],
});

const locks = (stages: Stages): RowPlan => ({
  title: 'Slot locks',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Locks by strategy',
      description: 'Operations that obtained a slot lock.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_lock_acquisitions_total'), 'strategy'), legend: '{{strategy}}' }],
      runbook: 'PhaselockLockContention',
      stacked: true,
    },
    gateChart(stages, 'lock_wait', {
      title: 'Time to get a lock',
      description: 'The 95th percentile, the queue and earlier tries included.',
      runbook: 'PhaselockLockContention',
      apart: true,
    }),
    {
      kind: 'timeseries',
      title: 'Time a lock is held',
      description: 'The 95th percentile of every try. Who comes next waits for as long.',
      unit: 's',
      queries: [
        { expr: quantile(0.95, chosen('phaselock_lock_hold_seconds_bucket'), 'strategy'), legend: '{{strategy}}' },
      ],
      runbook: 'PhaselockLockContention',
      min: 0,
    },
  ],
});

const contention: RowPlan = {
  title: 'Contention',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Found locked or changed',
      description: 'For each lock obtained, how often a slot was found locked, or changed, by someone else.',
      unit: 'percentunit',
      queries: [
        {
          expr: ratio(
            sum(rate(chosen('phaselock_lock_contention_total')), 'strategy'),
            sum(rate(chosen('phaselock_lock_acquisitions_total')), 'strategy'),
          ),
          legend: '{{strategy}}',
        },
      ],
      runbook: 'PhaselockLockContention',
      limit: { at: CONTENDED, bad: 'above' },
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Retries',
      description: 'Further tries of an operation at a slot, after one that got no lock or lost a race.',
      unit: 'ops',
      queries: [{ expr: sum(rate(chosen('phaselock_lock_retries_total')), 'strategy'), legend: '{{strategy}}' }],
      runbook: 'PhaselockLockContention',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Starts answered busy',
      description: 'Starts that were given up, since their slot was being modified until their time was over.',
      unit: 'ops',
      queries: [
        {
          expr: sum(rate(chosen('phaselock_session_starts_total', { outcome: 'busy' })), 'phase'),
          legend: '{{phase}}',
        },
      ],
      runbook: 'PhaselockLockTimeouts',
      min: 0,
    },
  ],
};
