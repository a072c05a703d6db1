import type { RuleId } from './rules.ts';
import type { Severity } from './severity.ts';

export type SubjectKind = 'process' | 'session' | 'slot' | 'task' | 'archive' | 'object';

export type Finding = {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly subject: { readonly kind: SubjectKind; readonly id: string };
  readonly taskId: string | null;
  readonly attemptId: string | null;
  readonly sessionId: string | null;
  /** The defect, in one sentence. */
  readonly message: string;
  readonly expected: string | null;
  readonly actual: string | null;
} & Repair;

/** Both are null if the source has no repairs. */
export type Repair = {
  /** SQL that repairs it, for one transaction. The audit only prints it. Findings with the same repair have it once. */
  readonly repair: string | null;
  /** Why the finding has no SQL: `no safe repair: …`, or the finding that has its repair. */
  readonly repairNote: string | null;
};

/** Key of a finding in a baseline: the same rule for the same subject. */
export const fingerprintOf = ({ rule, subject }: Finding): string => `${rule} ${subject.kind} ${subject.id}`;
