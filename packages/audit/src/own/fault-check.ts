import { type Check, finding } from '../check.ts';
import type { SubjectKind } from '../finding.ts';
import type { RuleId } from '../rules.ts';

/** A fault that a row can have: the SQL condition of it, and SQL for the text that names it. */
type Fault = readonly [when: string, says: string];

/**
 * SQL for the text of the first fault of a row, null if it has none. A condition that is null is no fault. Texts with
 * values use `format`, because `||` with a null would hide the fault.
 */
export const firstFault = (faults: readonly Fault[]): string =>
  `case ${faults.map(([when, says]) => `when ${when} then ${says}`).join('\n         ')} end`;

/** A check of one rule. Its SQL selects `id`, `task_id`, `session_id` and `what`, which is null for a correct row. */
export const faultCheck = ({
  rule,
  name,
  kind,
  sql,
  fewRows,
}: {
  readonly rule: RuleId;
  readonly name: string;
  readonly kind: SubjectKind;
  readonly sql: string;
  readonly fewRows?: true;
}): Check => ({
  name,
  ...(fewRows !== undefined && { fewRows }),
  rules: [rule],
  sql: `select * from (${sql}) judged where judged.what is not null`,
  read: (row) => [finding(rule, row, { kind, id: row.id ?? null, message: row.what ?? '' })],
});
