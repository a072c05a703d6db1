import type { Problem } from '@phaselock/contract';
import { type ErrorCode, PhaselockError } from '@phaselock/core';

export type ProblemFields = Partial<
  Pick<Problem, 'issues' | 'question' | 'warning' | 'session' | 'reasons' | 'confirm' | 'why'>
>;

/** A refusal that tells more than its code: what is wrong where, or what may be confirmed. */
export class Refusal extends PhaselockError {
  readonly fields: ProblemFields;

  constructor(code: ErrorCode, fields: ProblemFields, detail: { detail?: string; retryAfterMs?: number } = {}) {
    super(code, detail);
    this.fields = fields;
  }
}
