import { ERRORS, type ErrorCode } from '@phaselock/core';
import { type Problem, problem, problemType } from '../schemas/problem.ts';

/** A refusal or failure, as the service reported it. */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  readonly problem: Problem;
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryAfterMs: number | undefined;

  constructor(told: Problem, retryAfterMs: number | undefined) {
    super(told.detail === undefined ? told.title : `${told.title} (${told.detail})`);
    this.problem = told;
    this.code = told.code;
    this.status = told.status;
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Reads the problem document of a response. A proxy may respond without one; then the problem is built from the status.
 */
export async function problemIn(response: Response): Promise<Problem> {
  const parsed = problem.safeParse(await response.json().catch(() => undefined));
  if (parsed.success) return parsed.data;
  return {
    type: problemType('unexpected'),
    title: ERRORS.unexpected.text,
    status: response.status,
    code: 'unexpected',
    detail: `response with status ${response.status}: no problem document`,
    requestId: response.headers.get('x-request-id') ?? '',
    retryable: response.status === 502 || response.status === 503 || response.status === 504,
  };
}
