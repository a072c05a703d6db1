import type { Stages } from '@phaselock/rollout';
import { CONTENDED } from '../../alerts/pool-and-locks.ts';
import { JOBS } from '../../promql/jobs.ts';
import { chosen, quantile, rate, ratesOf, ratio, sum } from '../expressions.ts';
import { gateChart, gateStat } from '../gate-panels.ts';
import type { DashboardPlan, RowPlan } from '../plan.ts';

export const locksAndPool = (stages: Stages): DashboardPlan => ({
  uid: 'phaselock-locks-and-pool',
  title: 'phaselock: locks and pool',
  description: 'Do callers wait for slot locks, for database connections, or for a database that is unavailable?',
  jobsOf: 'phaselock_pool_max_connections',
  jobs: [JOBS.api],
  rows: [now(stages), pool(stages), groups, locks(stages), contention],
});

const now = (stages: Stages): RowPlan => ({
  title: 'Are callers waiting?',
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
      description: 'Callers in the queues of the connection pools.',
      unit: 'none',
      queries: [{ expr: sum(chosen('phaselock_pool_connections', { state: 'waiting' })), legend: 'waiting' }],
      runbook: 'PhaselockPoolWaitLong',
      limit: { at: 10, bad: 'above' },
    },
    {
      kind: 'gauge',
      title: 'Pool in use',
      description: 'Share of the maximum pool size that is in use, on the instance with the highest share.',
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
      title: 'Connection failures',
      description: 'Share of the requested database connections that failed or timed out.',
      runbook: 'PhaselockConnectionFailures',
    }),
    gateStat(stages, 'lock_timeouts', {
      title: 'Lock timeouts',
      description: 'Share of the lock requests that timed out.',
      runbook: 'PhaselockLockTimeouts',
    }),
    {
      kind: 'stat',
      title: 'Embedded PostgreSQL down',
      description:
        'How often the embedded server ended unexpectedly and was not restarted. Always 0 with an external database.',
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
  title: 'Connection pool',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Connections',
      description: 'Connections in use and idle, callers waiting for one, and the maximum pool size.',
      unit: 'short',
      queries: [
        { expr: sum(chosen('phaselock_pool_connections'), 'state'), legend: '{{state}}' },
        { expr: sum(chosen('phaselock_pool_max_connections')), legend: 'maximum' },
      ],
      runbook: 'PhaselockPoolWaitLong',
      min: 0,
    },
    {
      ...gateChart(stages, 'pool_wait', {
        title: 'Wait for a connection',
        description: 'How long a caller waits for a database connection, including the waits that timed out.',
        runbook: 'PhaselockPoolWaitLong',
      }),
      queries: [0.5, 0.95, 0.99].map((q) => ({
        expr: quantile(q, chosen('phaselock_pool_wait_seconds_bucket')),
        legend: `p${q * 100}`,
      })),
    },
    {
      kind: 'timeseries',
      title: 'Failures and timeouts',
      description: 'Requests for a database connection that failed, and waits for one that timed out.',
      unit: 'ops',
      queries: [
        { expr: sum(rate(chosen('phaselock_pool_connection_failures_total'))), legend: 'failed' },
        { expr: sum(rate(chosen('phaselock_pool_wait_timeouts_total'))), legend: 'timed out' },
      ],
      runbook: 'PhaselockConnectionFailures',
      min: 0,
    },
  ],
});

const groups: RowPlan = {
  title: 'Writes of several callers in one statement',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Writes in one statement',
      description: 'Writes of several callers travel together under load: the average number in one statement.',
      unit: 'short',
      queries: [
        {
          expr: `${sum(rate(chosen('phaselock_writes_per_statement_sum')), 'write')} / ${sum(rate(chosen('phaselock_writes_per_statement_count')), 'write')}`,
          legend: '{{write}}',
        },
      ],
      runbook: 'PhaselockPoolWaitLong',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Writes left out of a statement',
      description: 'Writes whose rows were locked, or whose statement failed. Each was then sent alone.',
      unit: 'ops',
      queries: [{ expr: sum(rate(chosen('phaselock_writes_left_out_total')), 'write'), legend: '{{write}}' }],
      runbook: 'PhaselockLockContention',
      min: 0,
    },
  ],
};

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
      description: 'The 95th percentile, including the queue and earlier attempts.',
      runbook: 'PhaselockLockContention',
      apart: true,
    }),
    {
      kind: 'timeseries',
      title: 'Time a lock is held',
      description: 'The 95th percentile of every attempt. The next caller in the queue waits for as long.',
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
      title: 'Lock conflicts',
      description: 'How often a slot was found locked or changed by another caller, per lock obtained.',
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
      description: 'Further attempts of an operation on a slot, after one that got no lock or lost a race.',
      unit: 'ops',
      queries: [{ expr: sum(rate(chosen('phaselock_lock_retries_total')), 'strategy'), legend: '{{strategy}}' }],
      runbook: 'PhaselockLockContention',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Starts answered busy',
      description: 'Starts that were given up because their slot was being modified until their deadline.',
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
