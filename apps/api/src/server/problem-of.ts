import { type Problem, problemType } from '@phaselock/contract';
import type { PhaselockError } from '@phaselock/core';
import { Refusal } from './refusal.ts';

export function problemOf(error: PhaselockError, requestId: string): Problem {
  const { code, status, retryable, detail, message } = error;
  return {
    type: problemType(code),
    title: message,
    status,
    code,
    ...(detail !== undefined && { detail }),
    requestId,
    retryable,
    ...(error instanceof Refusal && error.fields),
  };
}

const DEFAULT_RETRY_AFTER_S = 1;

/**
 * The Retry-After value. For a retryable error without its own delay it is one second, a compromise between lock
 * conflicts and outages.
 */
export function retryAfterSeconds({ retryable, retryAfterMs }: PhaselockError): number | undefined {
  if (retryAfterMs !== undefined) return Math.max(1, Math.ceil(retryAfterMs / 1_000));
  return retryable ? DEFAULT_RETRY_AFTER_S : undefined;
}
