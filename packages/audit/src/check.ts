import type { Finding, SubjectKind } from './finding.ts';
import { RULES, type RuleId } from './rules.ts';
import type { Severity } from './severity.ts';

/** A result row: every value is a text or null, whatever the source. */
export type Row = Readonly<Record<string, string | null>>;

/**
 * A query that returns only rows that break a rule or may break it, and the function that turns a row into findings.
 */
export type Check = {
  readonly name: string;
  readonly rules: readonly RuleId[];
  readonly sql: string;
  /** The filter passes very few rows, which no query planner can estimate, so hash and merge joins are switched off. */
  readonly fewRows?: true;
  readonly read: (row: Row) => readonly Finding[];
};

/** The part of a finding that does not come from the columns of its row. */
type Told = {
  readonly kind: SubjectKind;
  readonly id: string | null;
  readonly message: string;
  readonly expected?: string | null;
  readonly actual?: string | null;
  readonly repair?: string | null;
  readonly severity?: Severity;
};

/** Builds a finding. Its task, attempt and session come from the row, under the same column names in every check. */
export function finding(
  rule: RuleId,
  row: Row,
  { kind, id, message, expected, actual, repair, severity }: Told,
): Finding {
  return {
    rule,
    severity: severity ?? RULES[rule].severity,
    subject: { kind, id: id ?? 'unknown' },
    taskId: row.task_id ?? null,
    attemptId: row.attempt_id ?? null,
    sessionId: row.session_id ?? null,
    message,
    expected: expected ?? null,
    actual: actual ?? null,
    repair: repair ?? null,
    repairNote: null,
  };
}
