import type { Stages } from '@phaselock/rollout';
import { OLD_READ_SECONDS } from '../../alerts/cache-and-flags.ts';
import { JOBS } from '../../promql/jobs.ts';
import { chosen, most, rate, ratesOf, ratio, sum } from '../expressions.ts';
import { gateChart } from '../gate-panels.ts';
import type { DashboardPlan, RowPlan } from '../plan.ts';

const OFF_ON = { 0: { text: 'off', color: 'text' }, 1: { text: 'on', color: 'green' } } as const;

export const rollout = (stages: Stages): DashboardPlan => ({
  uid: 'phaselock-rollout',
  title: 'phaselock: rollout',
  description:
    'Who has the new behaviour, is treatment worse than control, does every gate hold? Red lines are the limits.',
  jobsOf: 'phaselock_flag_enabled',
  jobs: [JOBS.api],
  rows: [standing, beside(stages), shared(stages), locking(stages), who],
});

const standing: RowPlan = {
  title: 'Rollout status',
  height: 5,
  panels: [
    {
      kind: 'stat',
      title: 'Share of subjects',
      description: 'Percentage of users, or tasks, to which each flag applies. 0 while the flag is off or killed.',
      unit: 'percent',
      queries: [
        {
          expr: `max by (flag) (${chosen('phaselock_rollout_percent')} * ${chosen('phaselock_flag_enabled')})`,
          legend: '{{flag}}',
        },
      ],
      runbook: 'PhaselockFlagDivergence',
      width: 9,
    },
    {
      kind: 'state-timeline',
      title: 'Flags on and off',
      description: 'Whether each flag is on. A flag that goes off during a rollout was killed or aborted by a verdict.',
      unit: 'none',
      queries: [{ expr: `min by (flag) (${chosen('phaselock_flag_enabled')})`, legend: '{{flag}}' }],
      runbook: 'PhaselockFlagDivergence',
      words: OFF_ON,
      width: 9,
    },
    {
      kind: 'stat',
      title: 'Flag divergence',
      description:
        'How far the versions of a flag on the instances are apart. If the difference lasts, the rollout is on hold.',
      unit: 'none',
      queries: [
        {
          expr: `max(${most(chosen('phaselock_flag_version'), 'flag')} - min by (flag) (${chosen('phaselock_flag_version')}))`,
          legend: 'versions apart',
        },
      ],
      runbook: 'PhaselockFlagDivergence',
      limit: { at: 1, bad: 'above' },
      width: 3,
    },
    {
      kind: 'stat',
      title: 'Flags read',
      description: 'How long ago the flags were read, on the instance where that is longest ago.',
      unit: 's',
      queries: [{ expr: `max(${chosen('phaselock_flag_read_age_seconds')})`, legend: 'ago' }],
      runbook: 'PhaselockFlagsUnread',
      limit: { at: OLD_READ_SECONDS, bad: 'above' },
      decimals: 1,
      width: 3,
    },
  ],
};

const beside = (stages: Stages): RowPlan => ({
  title: 'Treatment and control compared',
  height: 8,
  panels: [
    gateChart(stages, 'replacement_success', {
      title: 'Replacements that failed',
      description: 'Share of confirmed replacements that ended as failed or busy, by cohort. The gate of stage 1.',
      runbook: 'PhaselockReplacementsFailing',
      apart: true,
    }),
    gateChart(stages, 'error_rate', {
      title: 'Starts that failed',
      description: 'Share of starts that ended as failed or busy, by cohort. The gate of stage 1.',
      runbook: 'PhaselockErrorRateHigh',
      apart: true,
    }),
    gateChart(stages, 'lookup_time', {
      title: 'Lookup time in the database',
      description: 'The 95th percentile, by cohort. Fast answers from memory are left out. The gate of stage 2.',
      runbook: 'PhaselockLookupSlow',
      apart: true,
    }),
    gateChart(stages, 'replacement_time', {
      title: 'Replacement time',
      description: 'The 95th percentile from the request to its answer, by cohort. The gate of stage 4.',
      runbook: 'PhaselockReplacementSlow',
      apart: true,
      exemplars: true,
    }),
  ],
});

const shared = (stages: Stages): RowPlan => ({
  title: 'Resources that both cohorts share',
  height: 7,
  panels: [
    gateChart(stages, 'cpu', {
      title: 'CPU use',
      description: 'CPU time of each instance as a share of its CPU limit. The gate of stage 2.',
      runbook: 'PhaselockCpuHigh',
    }),
    gateChart(stages, 'pool_wait', {
      title: 'Wait for a connection',
      description: 'The 95th percentile of the wait for a database connection. The gate of stage 3.',
      runbook: 'PhaselockPoolWaitLong',
    }),
    gateChart(stages, 'connection_failures', {
      title: 'Connection failures',
      description: 'Share of the requested database connections that failed or timed out. The gate of stage 3.',
      runbook: 'PhaselockConnectionFailures',
    }),
    {
      kind: 'timeseries',
      title: 'Connections',
      description:
        'Database connections of all instances, and the maximum pool size. Shown at stage 3; no gate judges it.',
      unit: 'short',
      queries: [
        { expr: sum(chosen('phaselock_pool_connections'), 'state'), legend: '{{state}}' },
        { expr: sum(chosen('phaselock_pool_max_connections')), legend: 'maximum' },
      ],
      runbook: 'PhaselockPoolWaitLong',
      min: 0,
    },
  ],
});

const locking = (stages: Stages): RowPlan => ({
  title: 'Locking strategies compared',
  height: 7,
  panels: [
    gateChart(stages, 'lock_timeouts', {
      title: 'Lock timeouts',
      description: 'Share of the lock requests that timed out, by strategy.',
      runbook: 'PhaselockLockTimeouts',
      apart: true,
    }),
    gateChart(stages, 'lock_wait', {
      title: 'Time to get a lock',
      description: 'The 95th percentile, by strategy.',
      runbook: 'PhaselockLockContention',
      apart: true,
    }),
    {
      kind: 'timeseries',
      title: 'Locks by strategy',
      description: 'Slot locks by strategy. The flag pessimistic_locking_enabled selects pessimistic locking.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_lock_acquisitions_total'), 'strategy'), legend: '{{strategy}}' }],
      runbook: 'PhaselockLockContention',
      stacked: true,
    },
  ],
});

const who: RowPlan = {
  title: 'Cohorts and their sessions',
  height: 7,
  panels: [
    {
      kind: 'timeseries',
      title: 'Starts by cohort',
      description: 'Starts of each cohort. With few starts, a gate takes long to decide.',
      unit: 'ops',
      queries: [{ expr: sum(rate(chosen('phaselock_session_starts_total')), 'cohort'), legend: '{{cohort}}' }],
      runbook: 'PhaselockFlagDivergence',
    },
    {
      kind: 'timeseries',
      title: 'Starts by users outside the rollout',
      description:
        'unguarded: created without the single-session rule. crossed: the rule applied, because the task was guarded.',
      unit: 'ops',
      queries: [
        { expr: sum(rate(chosen('phaselock_unguarded_starts_total'))), legend: 'unguarded' },
        { expr: sum(rate(chosen('phaselock_rollout_crossed_starts_total'))), legend: 'crossed' },
      ],
      runbook: 'PhaselockFlagDivergence',
    },
    {
      kind: 'timeseries',
      title: 'Legacy duplicates',
      description:
        'Live sessions outside the single-session rule that are not alone in their slot. The rollout removes them.',
      unit: 'short',
      queries: [{ expr: most(chosen('phaselock_legacy_duplicates')), legend: 'left' }],
      runbook: 'PhaselockAuditFindings',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Bad ratings',
      description: 'Share of the ratings by users that are bad, by cohort.',
      unit: 'percentunit',
      queries: [
        {
          expr: ratio(
            sum(rate(chosen('phaselock_feedback_total', { rating: 'bad' })), 'cohort'),
            sum(rate(chosen('phaselock_feedback_total')), 'cohort'),
          ),
          legend: '{{cohort}}',
        },
      ],
      runbook: 'PhaselockErrorRateHigh',
      min: 0,
      none: 'No ratings',
    },
  ],
};
