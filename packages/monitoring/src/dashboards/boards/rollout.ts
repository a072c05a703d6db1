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
    'Who has the new behaviour, are they worse off than the others, and does every gate of stages.yml hold? Lines in red are its limits.',
  jobsOf: 'phaselock_flag_enabled',
  jobs: [JOBS.api],
  rows: [standing, beside(stages), shared(stages), locking(stages), who],
});

const standing: RowPlan = {
  title: 'Where the rollout stands',
  height: 5,
  panels: [
    {
      kind: 'stat',
      title: 'Share of subjects',
      description: 'To how many users, or tasks, each flag applies. 0 where it is off or killed.',
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
      title: 'Switched',
      description: 'Whether each flag is on. Off in the middle of a rollout: it was killed, or a verdict aborted it.',
      unit: 'none',
      queries: [{ expr: `min by (flag) (${chosen('phaselock_flag_enabled')})`, legend: '{{flag}}' }],
      runbook: 'PhaselockFlagDivergence',
      words: OFF_ON,
      width: 9,
    },
    {
      kind: 'stat',
      title: 'Instances that disagree',
      description:
        'Versions of a flag that are in use at the same time, beyond one. More than a moment of it holds the rollout.',
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
      description: 'How long ago the instance that is worst off read the flags.',
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
  title: 'Treatment beside control',
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
      description:
        'The 95th percentile, by cohort. Answers from memory are left out, as they hide the others. The gate of stage 2.',
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
  title: 'What both cohorts share',
  height: 7,
  panels: [
    gateChart(stages, 'cpu', {
      title: 'CPU of its limit',
      description: 'Processor time of each instance as a share of what it may use. The gate of stage 2.',
      runbook: 'PhaselockCpuHigh',
    }),
    gateChart(stages, 'pool_wait', {
      title: 'Wait for a connection',
      description: 'The 95th percentile of the wait for a database connection. The gate of stage 3.',
      runbook: 'PhaselockPoolWaitLong',
    }),
    gateChart(stages, 'connection_failures', {
      title: 'Connections not had',
      description: 'Share of the database connections asked for that could not be had. The gate of stage 3.',
      runbook: 'PhaselockConnectionFailures',
    }),
    {
      kind: 'timeseries',
      title: 'Connections',
      description:
        'Database connections of all instances, and the most there may be. Shown at stage 3, judged by nobody.',
      unit: 'short',
      queries: [
        { expr: sum(chosen('phaselock_pool_connections'), 'state'), legend: '{{state}}' },
        { expr: sum(chosen('phaselock_pool_max_connections')), legend: 'at most' },
      ],
      runbook: 'PhaselockPoolWaitLong',
      min: 0,
    },
  ],
});

const locking = (stages: Stages): RowPlan => ({
  title: 'Locking strategies beside each other',
  height: 7,
  panels: [
    gateChart(stages, 'lock_timeouts', {
      title: 'Locks given up',
      description: 'Share of the locks tried for that were given up, by strategy.',
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
      description: 'Which strategy the slots are locked with: what pessimistic_locking_enabled moves.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_lock_acquisitions_total'), 'strategy'), legend: '{{strategy}}' }],
      runbook: 'PhaselockLockContention',
      stacked: true,
    },
  ],
});

const who: RowPlan = {
  title: 'Who is in it',
  height: 7,
  panels: [
    {
      kind: 'timeseries',
      title: 'Starts by cohort',
      description: 'How many starts each cohort brings: a gate with few of them takes long to decide.',
      unit: 'ops',
      queries: [{ expr: sum(rate(chosen('phaselock_session_starts_total')), 'cohort'), legend: '{{cohort}}' }],
      runbook: 'PhaselockFlagDivergence',
    },
    {
      kind: 'timeseries',
      title: 'Outside and beside',
      description:
        'Starts beside a live session by users outside the rollout, and starts of such users at tasks that are guarded already.',
      unit: 'ops',
      queries: [
        { expr: sum(rate(chosen('phaselock_unguarded_starts_total'))), legend: 'beside' },
        { expr: sum(rate(chosen('phaselock_rollout_crossed_starts_total'))), legend: 'crossed' },
      ],
      runbook: 'PhaselockFlagDivergence',
    },
    {
      kind: 'timeseries',
      title: 'Legacy duplicates',
      description:
        'Live sessions outside the rule that are not alone in their slot. They go to 0 as the rollout goes on.',
      unit: 'short',
      queries: [{ expr: most(chosen('phaselock_legacy_duplicates')), legend: 'left' }],
      runbook: 'PhaselockAuditFindings',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Bad ratings',
      description: 'Share of the ratings users gave that are bad, by cohort.',
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
