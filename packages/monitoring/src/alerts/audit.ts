import { JOBS } from '../promql/jobs.ts';
import { series } from '../promql/series.ts';
import { MINUTE } from '../rules/durations.ts';
import type { AlertGroup } from './alert.ts';

const api = { job: JOBS.api } as const;

export const AUDIT: AlertGroup = {
  name: 'phaselock-audit',
  alerts: [
    {
      name: 'PhaselockAuditFindings',
      severity: 'page',
      summary: 'The audit found integrity errors',
      condition: ({ stages }) => ({
        // One side at a time has to hold: both have the same labels, so the alert is one.
        expr: (['phaselock_audit_findings', 'phaselock_audit_incremental_findings'] as const)
          .map(
            (name) =>
              `max by (job) (${series(name, { severity: 'error', ...api })}) > ${stages.preconditions.mostAuditErrors}`,
          )
          .join(' or '),
        for: MINUTE,
        description:
          'The last recorded audit, full or incremental, reported {{ $value }} findings of severity error: rows that break a rule of the session model.',
      }),
    },
    {
      name: 'PhaselockAuditStale',
      severity: 'ticket',
      summary: 'The last recorded audit is too old',
      condition: ({ stages, seconds }) => ({
        expr: `time() - max by (job) (${series('phaselock_audit_last_run_timestamp_seconds', api)}) > ${seconds(stages.preconditions.oldestAuditMs / 1_000)}`,
        for: MINUTE,
        description: 'The last recorded full audit ended {{ $value | humanizeDuration }} ago. One a day is planned.',
      }),
    },
  ],
};
