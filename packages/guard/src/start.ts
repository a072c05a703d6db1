import { UNKNOWN_VERSION } from '@phaselock/cache';
import type { SlotState, StartDecision } from '@phaselock/core';
import type { Deadline, Held } from '@phaselock/locking';
import type { Sql, Writer } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { countingStart, type StartNotes } from './count-start.ts';
import { demandReplace } from './demand-replace.ts';
import { answeringUncounted, isAmbiguous, Moved, TaskIsGuarded } from './failures.ts';
import { existingRow, keepAnswer } from './idempotency.ts';
import { newSessionId } from './new-ids.ts';
import { operationDeadline } from './operation-deadline.ts';
import { findBirth } from './own-birth.ts';
import { resolveGuarded } from './resolve-guarded.ts';
import { resolveInProject } from './resolve-in-project.ts';
import { retold } from './retold.ts';
import { decide, look, lookUnlessTheLockWill, type Seen, type StartAttempt } from './start-attempt.ts';
import { answerTo, type StartOutcome } from './start-outcome.ts';
import type { Start } from './start-request.ts';
import { cohortOfSlot } from './which-cohort.ts';
import { adopt, createUnguarded, keep, open } from './write-start.ts';

/**
 * Starts a session for a phase of a task, or returns why not. The same model gets the existing session, without a lock.
 */
export async function start(ctx: GuardContext, request: Start): Promise<StartOutcome> {
  return await countingStart(ctx, request, (notes) => startUncounted(ctx, request, notes));
}

/** Starts an item of a bulk start, which counts all its items itself. */
export async function startUncounted(ctx: GuardContext, request: Start, notes: StartNotes): Promise<StartOutcome> {
  const deadline = operationDeadline(ctx, request.signal);
  return await answeringUncounted(ctx, deadline, 'session_create_failed', async () => {
    const attempt = await attemptFor(ctx, request, { deadline, notes });
    try {
      return await startWith(ctx, attempt, deadline);
    } catch (error) {
      if (!(error instanceof TaskIsGuarded)) throw error;
      ctx.telemetry.startCrossed();
      notes.guarded = true;
      return await startWith(ctx, { ...attempt, asked: { ...attempt.asked, guarded: true } }, deadline);
    }
  });
}

async function startWith(ctx: GuardContext, attempt: StartAttempt, deadline: Deadline): Promise<StartOutcome> {
  // The slot is read before the key: a call that sees the effect of a concurrent call with the same key then sees the
  // key, too.
  let seen = await lookUnlessTheLockWill(ctx, attempt);
  const answered =
    seen === undefined
      ? undefined
      : ((await retold(ctx, attempt, ctx.database)) ?? (await answerWithoutLock(ctx, attempt, seen)));
  if (answered !== undefined) return answered;

  const strategy = await ctx.chooseStrategy(attempt.slot);
  let ambiguous = false;
  let hasLooked = seen !== undefined;
  const afterWait = async (): Promise<StartOutcome | undefined> => {
    seen = await look(ctx, attempt);
    hasLooked = true;
    return (await retold(ctx, attempt, ctx.database)) ?? (await answerWithoutLock(ctx, attempt, seen));
  };
  const work = async (held: Held<SlotState, Writer>): Promise<StartOutcome> => {
    if (held.kind === 'locked' && held.foundInMs !== null && !hasLooked)
      ctx.telemetry.lookedUp('database', cohortOfSlot(held.state), held.foundInMs / 1000);
    hasLooked = true;
    // A concurrent call with the same key, or a commit of this call whose answer was lost, may have done the work. Then
    // its answer is returned and nothing is written.
    const moved = seen === undefined || (held.kind === 'locked' && held.state.version !== seen.state.version);
    const done = moved
      ? ((await retold(ctx, attempt, held.kind === 'locked' ? held.writer : ctx.database)) ??
        (ambiguous ? await findBirth(ctx, attempt.sessionId) : undefined))
      : undefined;
    if (done !== undefined) return done;
    try {
      return await decideAndWrite(ctx, attempt, held, seen);
    } catch (error) {
      seen = undefined;
      ambiguous ||= isAmbiguous(error);
      // The retry must not decide on the same snapshot again.
      if (!(error instanceof Moved)) forgetSnapshot(ctx, attempt);
      throw error;
    }
  };
  return await ctx.locking.withSlot(attempt.slot, strategy, deadline, work, afterWait);
}

async function attemptFor(
  ctx: GuardContext,
  request: Start,
  { deadline, notes }: { readonly deadline: Deadline; readonly notes: StartNotes },
): Promise<StartAttempt> {
  const view = await ctx.catalogue.view();
  const { taskId, phase, mode, say = { kind: 'nothing' } } = request;
  const [guarded = true] = await resolveGuarded(ctx, [request]);
  const isOutside = request.guarded === 'if-task-is';
  notes.guarded = guarded;
  if (isOutside && guarded) ctx.telemetry.startCrossed();
  return {
    slot: { taskId, phase, mode },
    sessionId: newSessionId(ctx),
    asked: { model: await resolveInProject(ctx, view, taskId, request.model), say, guarded },
    isOutside,
    catalogue: view.catalogue,
    policy: view.policy,
    actor: request.actor ?? null,
    mayReplace: request.mayReplace ?? true,
    milestoneId: request.milestoneId ?? null,
    handoff: request.handoff,
    idempotency: request.idempotencyKey,
    notes,
    waitMs: () => deadline.waitMs(),
  };
}

const forgetSnapshot = (ctx: GuardContext, { slot, sessionId }: StartAttempt): void =>
  ctx.snapshots.changed(slot, { version: UNKNOWN_VERSION, state: null, sessionId, model: null });

/**
 * Answers a start that needs no lock: an existing session, a question, a refusal, or a session beside others. Undefined
 * if the start needs a lock.
 */
async function answerWithoutLock(
  ctx: GuardContext,
  attempt: StartAttempt,
  { decision }: Seen,
): Promise<StartOutcome | undefined> {
  await ctx.racepoint?.('start:decided');
  demandReplace(attempt.mayReplace, decision, attempt.asked.guarded);
  switch (decision.kind) {
    case 'existing':
      if (!decision.live.guarded || decision.takesOn !== null) return undefined;
      return await answer(ctx, attempt, decision, ctx.database);
    case 'ask':
    case 'refuse':
      return await answer(ctx, attempt, decision, ctx.database);
    case 'create':
      return attempt.asked.guarded ? undefined : await createUnguarded(ctx, attempt, decision);
    case 'replace':
      return undefined;
  }
}

/**
 * Decides and writes after the slot was locked. The write compares the slot with the state that the decision was made
 * on.
 */
async function decideAndWrite(
  ctx: GuardContext,
  attempt: StartAttempt,
  held: Held<SlotState, Writer>,
  known: Seen | undefined,
): Promise<StartOutcome> {
  await ctx.racepoint?.('start:locked');
  const { state: seen, decision } =
    held.kind === 'locked' ? decide(held.state, attempt) : (known ?? (await look(ctx, attempt)));
  const writer = held.kind === 'locked' ? held.writer : ctx.database;
  demandReplace(attempt.mayReplace, decision, attempt.asked.guarded);

  switch (decision.kind) {
    case 'ask':
    case 'refuse':
      return await answer(ctx, attempt, decision, writer);
    case 'existing':
      if (!decision.live.guarded) return await adopt(ctx, attempt, decision, { seen, writer });
      if (decision.takesOn !== null) return await keep(ctx, attempt, decision, { seen, writer });
      return await answer(ctx, attempt, decision, writer);
    case 'create':
    case 'replace':
      return await open(ctx, attempt, decision, { seen, writer });
  }
}

/**
 * Answers without changing a session. The key of an answer with an existing session is stored, so that the same key
 * with another request is refused.
 */
async function answer(
  ctx: GuardContext,
  attempt: StartAttempt,
  decision: Extract<StartDecision, { kind: 'existing' | 'ask' | 'refuse' }>,
  sql: Sql,
): Promise<StartOutcome> {
  const { slot, catalogue, idempotency } = attempt;
  if (decision.kind === 'existing' && idempotency !== undefined) {
    const { id, status } = decision.live;
    const isOurs = await keepAnswer(idempotency, existingRow(idempotency, id, status), sql);
    const twin = isOurs ? undefined : await retold(ctx, attempt, sql);
    if (twin !== undefined) return twin;
  }
  return answerTo(slot, catalogue, decision);
}
