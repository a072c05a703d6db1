import type { Stages } from '@phaselock/rollout';
import { JOBS } from '../../promql/jobs.ts';
import { chosen, most, rate, ratesOf, sum } from '../expressions.ts';
import type { DashboardPlan, RowPlan } from '../plan.ts';

export const audit = (stages: Stages): DashboardPlan => ({
  uid: 'phaselock-audit',
  title: 'phaselock: audit',
  description: 'Did the last audit find errors, which requests were refused, and what happened to the sessions?',
  jobsOf: 'phaselock_flag_enabled',
  jobs: [JOBS.api],
  rows: [proof(stages), incremental, refused, happened],
});

const findings = (severity: 'error' | 'warning' | 'undecidable'): string =>
  most(chosen('phaselock_audit_findings', { severity }));

const proof = (stages: Stages): RowPlan => ({
  title: 'Audit findings',
  height: 5,
  panels: [
    {
      kind: 'stat',
      title: 'Errors found',
      description:
        'Findings of severity error in the last recorded audit. One is too many: a rule of the product was broken.',
      unit: 'none',
      queries: [{ expr: findings('error'), legend: 'errors' }],
      runbook: 'PhaselockAuditFindings',
      limit: { at: 1, bad: 'above' },
      none: 'never audited',
    },
    {
      kind: 'stat',
      title: 'Warnings',
      description: 'Findings of severity warning in the last recorded audit.',
      unit: 'none',
      queries: [{ expr: findings('warning'), legend: 'warnings' }],
      runbook: 'PhaselockAuditFindings',
      none: 'never audited',
    },
    {
      kind: 'stat',
      title: 'Undecidable',
      description: 'Findings that the audit could neither prove nor refute, because a model name is no longer known.',
      unit: 'none',
      queries: [{ expr: findings('undecidable'), legend: 'undecidable' }],
      runbook: 'PhaselockAuditFindings',
      none: 'never audited',
    },
    {
      kind: 'stat',
      title: 'Last audit',
      description: 'How long ago the last recorded full audit ended.',
      unit: 's',
      queries: [{ expr: `time() - ${most(chosen('phaselock_audit_last_run_timestamp_seconds'))}`, legend: 'ago' }],
      runbook: 'PhaselockAuditStale',
      limit: { at: stages.preconditions.oldestAuditMs / 1_000, bad: 'above' },
      none: 'never audited',
    },
    {
      kind: 'timeseries',
      title: 'Findings',
      description: 'Findings of the last recorded audit at each point in time, by severity.',
      unit: 'short',
      queries: [{ expr: `max by (severity) (${chosen('phaselock_audit_findings')})`, legend: '{{severity}}' }],
      runbook: 'PhaselockAuditFindings',
      min: 0,
      none: 'Never audited',
      width: 8,
    },
  ],
});

const findingsSince = (severity: 'error' | 'warning'): string =>
  most(chosen('phaselock_audit_incremental_findings', { severity }));

const incremental: RowPlan = {
  title: 'Incremental audit',
  height: 5,
  panels: [
    {
      kind: 'stat',
      title: 'Errors in what is new',
      description:
        'Findings of severity error in the last recorded audit with --since-seal or --since. A full audit may be older.',
      unit: 'none',
      queries: [{ expr: findingsSince('error'), legend: 'errors' }],
      runbook: 'PhaselockAuditFindings',
      limit: { at: 1, bad: 'above' },
      none: 'never audited',
    },
    {
      kind: 'stat',
      title: 'Warnings in what is new',
      description: 'Findings of severity warning in the last recorded audit with --since-seal or --since.',
      unit: 'none',
      queries: [{ expr: findingsSince('warning'), legend: 'warnings' }],
      runbook: 'PhaselockAuditFindings',
      none: 'never audited',
    },
    {
      kind: 'stat',
      title: 'Last incremental audit',
      description: 'How long ago the last recorded audit with --since-seal or --since ended.',
      unit: 's',
      queries: [
        {
          expr: `time() - ${most(chosen('phaselock_audit_incremental_last_run_timestamp_seconds'))}`,
          legend: 'ago',
        },
      ],
      runbook: 'PhaselockAuditStale',
      none: 'never audited',
    },
    {
      kind: 'timeseries',
      title: 'Findings in what is new',
      description: 'Findings of the last recorded incremental audit at each point in time, by severity.',
      unit: 'short',
      queries: [
        { expr: `max by (severity) (${chosen('phaselock_audit_incremental_findings')})`, legend: '{{severity}}' },
      ],
      runbook: 'PhaselockAuditFindings',
      min: 0,
      none: 'Never audited',
      width: 12,
    },
  ],
};

const refused: RowPlan = {
  title: 'Refused writes, conflicts and questions',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Fenced writes',
      description:
        'Writes refused because they carried the generation of a replaced session, whose runner has not stopped yet.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_fenced_writes_total'), 'operation'), legend: '{{operation}}' }],
      none: 'None fenced',
      runbook: 'PhaselockAuditFindings',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Session moved on',
      description: 'Starts and turns refused because the session had changed since their caller last read it.',
      unit: 'ops',
      queries: [
        { expr: sum(rate(chosen('phaselock_session_starts_total', { outcome: 'moved_on' }))), legend: 'starts' },
        { expr: sum(rate(chosen('phaselock_turns_total', { decision: 'moved_on' }))), legend: 'turns' },
      ],
      runbook: 'PhaselockAuditFindings',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Questions',
      description: 'Starts and turns answered with a question about the existing session, such as keep or replace.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_session_questions_total'), 'question'), legend: '{{question}}' }],
      none: 'None asked',
      runbook: 'PhaselockAuditFindings',
      stacked: true,
    },
  ],
};

const happened: RowPlan = {
  title: 'What happened to sessions',
  height: 8,
  panels: [
    {
      kind: 'timeseries',
      title: 'Replaced, by reason',
      description: 'Starts and turns answered with a replacement.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_session_replacements_total'), 'reason'), legend: '{{reason}}' }],
      runbook: 'PhaselockReplacementsFailing',
      none: 'None replaced',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Turns by decision',
      description: 'Turns by decision. initial and fresh begin a conversation; follow-up continues one.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_turns_total'), 'decision'), legend: '{{decision}}' }],
      none: 'No turns',
      runbook: 'PhaselockErrorRateHigh',
      stacked: true,
    },
    {
      kind: 'timeseries',
      title: 'Turns that ended',
      description: 'Turns by how their process ended. lost: its runner did not renew the lease.',
      unit: 'ops',
      queries: [{ expr: ratesOf(chosen('phaselock_turns_ended_total'), 'ending'), legend: '{{ending}}' }],
      none: 'None ended',
      runbook: 'PhaselockErrorRateHigh',
      min: 0,
    },
    {
      kind: 'timeseries',
      title: 'Model changes',
      description: 'Turns that used another model than the previous turn in their slot. Each one has a log line.',
      unit: 'ops',
      queries: [{ expr: sum(rate(chosen('phaselock_model_changes_total'))), legend: 'changes' }],
      runbook: 'PhaselockAuditFindings',
      min: 0,
    },
  ],
};
