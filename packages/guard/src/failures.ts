import { type ErrorCode, PhaselockError } from '@phaselock/core';
import { type Deadline, LockAborted, LockTimeout } from '@phaselock/locking';
import { classifyFailure } from '@phaselock/store';
import type { GuardContext } from './context.ts';

/** The slot or session has changed since the decision. The operation decides again, within its deadline. */
export class Moved extends Error {
  override readonly name = 'Moved';
}

/**
 * A caller outside the rollout would have created a session beside others, but the task has become guarded meanwhile.
 */
export class TaskIsGuarded extends Error {
  override readonly name = 'TaskIsGuarded';
}

export function isRetryable(error: unknown): boolean {
  if (error instanceof Moved) return true;
  if (error instanceof PhaselockError) return false;
  switch (classifyFailure(error)) {
    case 'contended':
    case 'moved':
    case 'connection-lost':
    case 'unavailable':
    case 'idempotency-race':
      return true;
    case 'missing-task':
    case 'missing-attempt':
    case 'missing-project':
    case 'missing-flag':
    case 'agent-session-taken':
    case 'already-exists':
    case 'bad-value':
    case 'storage-full':
    case 'unexpected':
      return false;
  }
}

/** Another operation held the slot or changed it first. */
export const isContention = (error: unknown): boolean =>
  error instanceof Moved || ['contended', 'moved', 'idempotency-race'].includes(classifyFailure(error));

/**
 * Whether the write may have been committed although its answer was lost. PostgreSQL can PANIC on a full disk in the
 * middle of a commit.
 */
export const isAmbiguous = (error: unknown): boolean =>
  classifyFailure(error) === 'connection-lost' ||
  (error instanceof Error && 'severity' in error && error.severity === 'PANIC');

/** A concurrent call with the same idempotency key was faster; its result is the answer. */
export const isIdempotencyRace = (error: unknown): boolean => classifyFailure(error) === 'idempotency-race';

/** A statement failed because its lock_timeout expired. */
export const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '55P03';

/**
 * Maps a failure to the error that leaves the guard. `otherwise` is the code of an unexpected failure of this
 * operation.
 */
export function toPhaselockError(error: unknown, otherwise: ErrorCode): PhaselockError {
  if (error instanceof PhaselockError) return error;
  if (error instanceof LockAborted) return new PhaselockError('request_aborted', { cause: error });
  // The failure that made the retries necessary is more informative than the time-out of the retries.
  if (error instanceof LockTimeout && error.cause !== undefined) return toPhaselockError(error.cause, otherwise);
  if (error instanceof LockTimeout || error instanceof Moved)
    return new PhaselockError('session_being_modified', { cause: error });
  const code = codeOf(error, otherwise);
  const retryAfterMs = code === 'storage_full' ? STORAGE_RETRY_AFTER_MS : undefined;
  return new PhaselockError(code, { cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** Longer than for an outage, because an operator has to free disk space first. */
const STORAGE_RETRY_AFTER_MS = 10_000;

function codeOf(error: unknown, otherwise: ErrorCode): ErrorCode {
  switch (classifyFailure(error)) {
    case 'contended':
    case 'moved':
    case 'idempotency-race':
      return 'session_being_modified';
    case 'connection-lost':
    case 'unavailable':
      return 'backend_unavailable';
    case 'storage-full':
      return 'storage_full';
    case 'missing-task':
      return 'task_not_found';
    case 'missing-attempt':
      return 'attempt_not_found';
    case 'missing-project':
      return 'project_not_found';
    case 'missing-flag':
      return 'flag_not_found';
    case 'agent-session-taken':
      return 'agent_session_taken';
    case 'already-exists':
      return 'already_exists';
    case 'bad-value':
      return 'invalid_request';
    case 'unexpected':
      return otherwise;
  }
}

/**
 * Reports `storage_full` instead of `backend_unavailable` if the embedded server cannot start because its disk is full:
 * an operator has to act.
 */
const orStorageFull = (ctx: GuardContext, failure: PhaselockError): PhaselockError =>
  failure.code === 'backend_unavailable' && ctx.serverState() === 'storage-full'
    ? new PhaselockError('storage_full', { cause: failure.cause, retryAfterMs: STORAGE_RETRY_AFTER_MS })
    : failure;

/**
 * Grace period after the deadline. It bounds the wait for a hung server, and lets the time-outs of PostgreSQL, which
 * report the cause, fire first.
 */
const GRACE_MS = 250;

/** Returns the result of the work, or fails with `backend_unavailable` soon after the deadline. */
export async function inTime<T>(deadline: Deadline, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new PhaselockError('backend_unavailable', { detail: 'deadline exceeded' })),
      deadline.remainingMs() + GRACE_MS,
    );
  });
  try {
    return await Promise.race([work(), overdue]);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs an operation under its deadline. Its failures are counted and leave as error codes of the catalogue. */
export async function answering<T>(
  ctx: GuardContext,
  deadline: Deadline,
  otherwise: ErrorCode,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await answeringUncounted(ctx, deadline, otherwise, work);
  } catch (error) {
    if (error instanceof PhaselockError) ctx.telemetry.failed(error.code, 'none');
    throw error;
  }
}

/** As `answering`, without counting failures: starts and turns are counted by their answers. */
export async function answeringUncounted<T>(
  ctx: GuardContext,
  deadline: Deadline,
  otherwise: ErrorCode,
  work: () => Promise<T>,
): Promise<T> {
  // The caller has disconnected, so nothing is begun: a process started now would hold its session for a whole lease.
  const started = async (): Promise<T> => {
    if (deadline.signal?.aborted) throw new LockAborted();
    return await ctx.time.run(deadline, work);
  };
  try {
    return await inTime(deadline, started);
  } catch (error) {
    const failure = orStorageFull(ctx, toPhaselockError(error, otherwise));
    if (failure.code === 'storage_full' && ctx.serverState() === 'running') ctx.reportStorageFull(failure.cause);
    if (failure.code === otherwise)
      ctx.logger.error(
        { err: error, 'event.action': 'operation-failed', 'phaselock.code': failure.code },
        'operation failed',
      );
    throw failure;
  }
}
