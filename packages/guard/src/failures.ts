import { type ErrorCode, PhaselockError } from '@phaselock/core';
import { type Deadline, LockAborted, LockTimeout } from '@phaselock/locking';
import { classifyFailure } from '@phaselock/store';
import type { GuardContext } from './context.ts';

/** The slot or session is not what the decision was made on. Worth another decision, within the deadline. */
export class Moved extends Error {
  override readonly name = 'Moved';
}

/** A caller outside the rollout was to begin a session beside others, and the rule has applied to the task meanwhile. */
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

/** Somebody else held the slot, or changed it first. */
export const isContention = (error: unknown): boolean =>
  error instanceof Moved || ['contended', 'moved', 'idempotency-race'].includes(classifyFailure(error));

/** Whether the write may have been committed although its answer was lost. A PANIC over a full disk comes in the middle of a commit. */
export const isAmbiguous = (error: unknown): boolean =>
  classifyFailure(error) === 'connection-lost' ||
  (error instanceof Error && 'severity' in error && error.severity === 'PANIC');

/** A twin of this call wrote its key first: what it did is the answer. */
export const isIdempotencyRace = (error: unknown): boolean => classifyFailure(error) === 'idempotency-race';

/** A statement that waited for a lock as long as it was told to. */
export const isLockTimeout = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === '55P03';

/** What a failure is called when it leaves the guard. `otherwise` is what an unexpected one means to this caller. */
export function toPhaselockError(error: unknown, otherwise: ErrorCode): PhaselockError {
  if (error instanceof PhaselockError) return error;
  if (error instanceof LockAborted) return new PhaselockError('request_aborted', { cause: error });
  // Running out of time between tries says less than what made the tries necessary.
  if (error instanceof LockTimeout && error.cause !== undefined) return toPhaselockError(error.cause, otherwise);
  if (error instanceof LockTimeout || error instanceof Moved)
    return new PhaselockError('session_being_modified', { cause: error });
  const code = codeOf(error, otherwise);
  const retryAfterMs = code === 'storage_full' ? STORAGE_RETRY_AFTER_MS : undefined;
  return new PhaselockError(code, { cause: error, ...(retryAfterMs !== undefined && { retryAfterMs }) });
}

/** Somebody has to free space first, which takes longer than the end of an outage. */
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

/** A server that cannot start because its disk is full is not merely unavailable: somebody has to do something. */
const orStorageFull = (ctx: GuardContext, failure: PhaselockError): PhaselockError =>
  failure.code === 'backend_unavailable' && ctx.serverState() === 'storage-full'
    ? new PhaselockError('storage_full', { cause: failure.cause, retryAfterMs: STORAGE_RETRY_AFTER_MS })
    : failure;

/** A hung server must not hold its caller beyond the deadline; a little grace lets the server's own bounds speak first. */
const GRACE_MS = 250;

/** What is there by the deadline, or the failure that it was not. */
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

/** Every operation runs in here: failures leave as the catalogue's codes, counted, and no later than the deadline. */
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

/** For starts and turns, which are counted by what they are answered. */
export async function answeringUncounted<T>(
  ctx: GuardContext,
  deadline: Deadline,
  otherwise: ErrorCode,
  work: () => Promise<T>,
): Promise<T> {
  // Nobody waits for the answer any more, so nothing is begun: a process started now would hold its session for a whole lease.
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
