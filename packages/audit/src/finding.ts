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
  /** A statement that would repair it. The audit only prints it. */
  readonly repair: string | null;
};

/** Key of a finding in a baseline: the same rule for the same subject. */
export const fingerprintOf = ({ rule, subject }: Finding): string => `${rule} ${subject.kind} ${subject.id}`;
