import type { RuleId } from './rules.ts';

export type Severity = 'error' | 'warning' | 'info';

export type SubjectKind = 'process' | 'session' | 'slot' | 'task' | 'archive' | 'object';

export type Finding = {
  readonly rule: RuleId;
  readonly severity: Severity;
  readonly subject: { readonly kind: SubjectKind; readonly id: string };
  readonly taskId: string | null;
  readonly attemptId: string | null;
  readonly sessionId: string | null;
  /** What is wrong, in one sentence. */
  readonly message: string;
  readonly expected: string | null;
  readonly actual: string | null;
  /** What would put it right. This tool only prints it. */
  readonly repair: string | null;
};

/** What a baseline remembers of a finding: the same thing wrong with the same subject. */
export const fingerprintOf = ({ rule, subject }: Finding): string => `${rule} ${subject.kind} ${subject.id}`;
