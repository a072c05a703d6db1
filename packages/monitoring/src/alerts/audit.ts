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
      summary: 'The audit found what must not be',
      condition: ({ stages }) => ({
        expr: `max by (job) (${series('phaselock_audit_findings', { severity: 'error', ...api })}) > ${stages.preconditions.mostAuditErrors}`,
        for: MINUTE,
        description:
          'The last recorded audit found {{ $value }} errors: the database holds what no sequence of allowed operations leaves.',
      }),
    },
    {
      name: 'PhaselockAuditStale',
      severity: 'ticket',
      summary: 'No audit has been recorded for more than a day',
      condition: ({ stages, seconds }) => ({
        expr: `time() - max by (job) (${series('phaselock_audit_last_run_timestamp_seconds', api)}) > ${seconds(stages.preconditions.oldestAuditMs / 1_000)}`,
        for: MINUTE,
        description: 'The last audit of everything that was recorded ended {{ $value | humanizeDuration }} ago.',
      }),
    },
  ],
};
