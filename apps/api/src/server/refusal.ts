import type { Problem } from '@phaselock/contract';
import { type ErrorCode, PhaselockError } from '@phaselock/core';

export type ProblemFields = Partial<
  Pick<Problem, 'issues' | 'question' | 'warning' | 'session' | 'reasons' | 'confirm' | 'why'>
>;

/**
 * An expected error, with additional problem fields such as the invalid parts of a request or what the caller may
 * confirm. It has no stack frames, which cost more than the rest of it: its code already tells why it was thrown.
 */
export class Refusal extends PhaselockError {
  readonly fields: ProblemFields;

  constructor(code: ErrorCode, fields: ProblemFields, detail: { detail?: string; retryAfterMs?: number } = {}) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(code, detail);
    Error.stackTraceLimit = stackTraceLimit;
    this.fields = fields;
  }
}
