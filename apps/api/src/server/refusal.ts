import type { Problem } from '@phaselock/contract';
import { type ErrorCode, PhaselockError } from '@phaselock/core';

export type ProblemFields = Partial<
  Pick<Problem, 'issues' | 'question' | 'warning' | 'session' | 'reasons' | 'confirm' | 'why'>
>;

/** An error with additional problem fields, such as the invalid parts of a request or what the caller may confirm. */
export class Refusal extends PhaselockError {
  readonly fields: ProblemFields;

  constructor(code: ErrorCode, fields: ProblemFields, detail: { detail?: string; retryAfterMs?: number } = {}) {
    super(code, detail);
    this.fields = fields;
  }
}
