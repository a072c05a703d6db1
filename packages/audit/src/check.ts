import type { Finding, Severity, SubjectKind } from './finding.ts';
import { RULES, type RuleId } from './rules.ts';

/** A row as the database prints it: whatever the source, a text or nothing. */
export type Row = Readonly<Record<string, string | null>>;

/** One question to the history: the rows that break a rule, or may. What is in order is never sent. */
export type Check = {
  readonly name: string;
  readonly rules: readonly RuleId[];
  readonly sql: string;
  /** Hardly a row gets through its filter, which no planner can know. */
  readonly fewRows?: true;
  readonly read: (row: Row) => readonly Finding[];
};

type Told = {
  readonly kind: SubjectKind;
  readonly id: string | null;
  readonly message: string;
  readonly expected?: string | null;
  readonly actual?: string | null;
  readonly repair?: string | null;
  readonly severity?: Severity;
};

/** Whose it is comes from the row, under the same names in every check. */
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
  };
}
