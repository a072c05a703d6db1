import { UNKNOWN_VERSION } from '@phaselock/cache';
import {
  type Catalogue,
  checkHandoff,
  decideStart,
  type Handoff,
  type ModelPolicy,
  type ModelSelection,
  OUTSIDE_THE_GUARD,
  PhaselockError,
  replacementReason,
  resolveModel,
  type SessionId,
  type SlotKey,
  type SlotState,
  type StartDecision,
  type StartRequest,
  type StartSay,
} from '@phaselock/core';
import { deadlineIn, type Held } from '@phaselock/locking';
import { adoptSession, createBeside, openSession, type Writer } from '@phaselock/store';
import { announceAdopted, announceAnswer, announceBeside, announceFailedStart, announceOpened } from './announce.ts';
import type { GuardContext } from './context.ts';
import { answering, isAmbiguous, isIdempotencyRace, Moved } from './failures.ts';
import { glance, movedPast, readAfresh, recall } from './glance.ts';
import { type IdempotencyKey, idempotencyRow, replay } from './idempotency.ts';
import { markMissing } from './mark-missing.ts';
import { newSessionId } from './new-ids.ts';
import { findBirth } from './own-birth.ts';
import { answerTo, type GuardedSession, type StartOutcome, shownOf } from './start-outcome.ts';

export type Start = SlotKey & {
  readonly model: ModelSelection;
  readonly say?: StartSay;
  /** Whether the single-session rule applies to this caller yet. */
  readonly guarded?: boolean;
  readonly actor?: string;
  /** A summary of the replaced conversation for its successor. */
  readonly handoff?: Handoff;
  readonly idempotencyKey?: IdempotencyKey;
  readonly signal?: AbortSignal;
};

/** All that one call keeps while it decides, perhaps several times. The id is made once: it tells whether a lost answer was a commit. */
type Attempt = {
  readonly slot: SlotKey;
  readonly sessionId: SessionId;
  readonly asked: StartRequest;
  readonly catalogue: Catalogue;
  readonly policy: ModelPolicy;
  readonly actor: string | null;
  readonly handoff: Handoff | undefined;
  readonly idempotency: IdempotencyKey | undefined;
  readonly since: number;
  readonly remainingMs: () => number;
};

/** Starts a session for a phase of a task, or says why not. The same model gets the session that is there; nothing is locked for that. */
export async function start(ctx: GuardContext, request: Start): Promise<StartOutcome> {
  try {
    return await startInTime(ctx, request);
  } catch (error) {
    const { taskId, phase, mode, guarded = true } = request;
    if (error instanceof PhaselockError) announceFailedStart(ctx, { taskId, phase, mode, guarded }, error);
    throw error;
  }
}

async function startInTime(ctx: GuardContext, request: Start): Promise<StartOutcome> {
  const deadline = deadlineIn(ctx.settings.deadlineMs, ctx.now, request.signal);
  return await answering(ctx, deadline, 'session_create_failed', async () => {
    const { catalogue, policy } = await ctx.catalogue.view();
    const { taskId, phase, mode, say = { kind: 'nothing' }, guarded = true } = request;
    const attempt: Attempt = {
      slot: { taskId, phase, mode },
      sessionId: newSessionId(ctx),
      asked: { model: resolveModel(catalogue, request.model), say, guarded },
      catalogue,
      policy,
      actor: request.actor ?? null,
      handoff: request.handoff,
      idempotency: request.idempotencyKey,
      since: ctx.now(),
      remainingMs: () => deadline.remainingMs(),
    };
    // Looked at before the key is asked for: whoever sees what a twin did, sees its key too.
    let seen = await lookUnlessTheLockWill(ctx, attempt);
    const answered =
      seen === undefined
        ? undefined
        : ((await replay(ctx, attempt.idempotency, ctx.database)) ?? (await answerWithoutLock(ctx, attempt, seen)));
    if (answered !== undefined) return answered;

    const strategy = await ctx.chooseStrategy(attempt.slot);
    let ambiguous = false;
    const afterWait = async (): Promise<StartOutcome | undefined> => {
      seen = await look(ctx, attempt);
      return (await replay(ctx, attempt.idempotency, ctx.database)) ?? (await answerWithoutLock(ctx, attempt, seen));
    };
    const work = async (held: Held<SlotState, Writer>): Promise<StartOutcome> => {
      // Behind a twin with the same key, or after a commit whose answer was lost: what was done is told, not done again.
      const moved = seen === undefined || (held.kind === 'locked' && held.state.version !== seen.state.version);
      const done = moved
        ? ((await replay(ctx, attempt.idempotency, held.kind === 'locked' ? held.writer : ctx.database)) ??
          (ambiguous ? await findBirth(ctx, attempt.sessionId) : undefined))
        : undefined;
      if (done !== undefined) return done;
      try {
        return await decideAndWrite(ctx, attempt, held, seen);
      } catch (error) {
        seen = undefined;
        ambiguous ||= isAmbiguous(error);
        // Whatever went wrong, the snapshot that led here is not decided on again.
        if (!(error instanceof Moved)) {
          ctx.snapshots.changed(attempt.slot, { version: UNKNOWN_VERSION, state: null, sessionId: attempt.sessionId });
        }
        throw error;
      }
    };
    return await ctx.locking.withSlot(attempt.slot, strategy, deadline, work, afterWait);
  });
}

/** A state of the slot, and what it comes to for this caller. */
type Seen = { readonly state: SlotState; readonly decision: StartDecision };

const decide = (state: SlotState, { asked, catalogue, policy }: Attempt): Seen => ({
  state,
  decision: decideStart(markMissing(state, catalogue), asked, policy),
});

const look = async (ctx: GuardContext, attempt: Attempt): Promise<Seen> =>
  decide(await glance(ctx, attempt.slot, generationKnown(attempt)), attempt);

/** A confirmed replacement of which there is no snapshot will lock the slot anyhow, and the lock reads it: one round trip less. */
async function lookUnlessTheLockWill(ctx: GuardContext, attempt: Attempt): Promise<Seen | undefined> {
  const { slot, asked } = attempt;
  const snapshot = await recall(ctx, slot, generationKnown(attempt));
  if (snapshot !== undefined) return decide(snapshot, attempt);
  const willWrite = asked.guarded && asked.say.kind === 'replace';
  if (willWrite && (await ctx.chooseStrategy(slot)) === 'pessimistic') {
    await ctx.racepoint?.('start:decided');
    return undefined;
  }
  return decide(await readAfresh(ctx, slot), attempt);
}

/** A caller that was shown a generation knows the slot to have reached it: an older snapshot must not tell it otherwise. */
const generationKnown = ({ asked: { say } }: Attempt): number => (say.kind === 'replace' ? say.shown.generation : 0);

/** Most starts end here: with what is there already, a question, or a refusal. */
async function answerWithoutLock(
  ctx: GuardContext,
  attempt: Attempt,
  { decision }: Seen,
): Promise<StartOutcome | undefined> {
  await ctx.racepoint?.('start:decided');
  switch (decision.kind) {
    case 'existing':
      if (!decision.live.guarded) return undefined;
      return answer(ctx, attempt.slot, decision);
    case 'ask':
    case 'refuse':
      return answer(ctx, attempt.slot, decision);
    case 'create':
      return attempt.asked.guarded ? undefined : await createUnguarded(ctx, attempt, decision);
    case 'replace':
      return undefined;
  }
}

/** Lock, decide, write: in this order, whatever the strategy. The write compares the slot with what the decision saw. */
async function decideAndWrite(
  ctx: GuardContext,
  attempt: Attempt,
  held: Held<SlotState, Writer>,
  seen: Seen | undefined,
): Promise<StartOutcome> {
  const { slot } = attempt;
  await ctx.racepoint?.('start:locked');
  const { state, decision } =
    held.kind === 'locked' ? decide(held.state, attempt) : (seen ?? (await look(ctx, attempt)));
  const writer = held.kind === 'locked' ? held.writer : ctx.database;

  switch (decision.kind) {
    case 'ask':
    case 'refuse':
      return answer(ctx, slot, decision);
    case 'existing':
      return decision.live.guarded ? answer(ctx, slot, decision) : await adopt(ctx, attempt, state, decision, writer);
    case 'create':
    case 'replace':
      return await open(ctx, attempt, state, decision, writer);
  }
}

async function open(
  ctx: GuardContext,
  attempt: Attempt,
  seen: SlotState,
  decision: Extract<StartDecision, { kind: 'create' | 'replace' }>,
  writer: Writer,
): Promise<StartOutcome> {
  const { slot, sessionId, handoff, actor } = attempt;
  const predecessor = decision.kind === 'replace' ? shownOf(decision.live) : null;
  refuseHandoff(attempt, predecessor !== null);

  const reason = decision.kind === 'replace' ? replacementReason(decision.comparison) : 'first';
  const opened = await openSession(writer, {
    slot,
    seen,
    sessionId,
    identity: decision.identity,
    createdBy: actor,
    reason,
    handoff: handoff?.summary ?? null,
    idempotency: idempotencyRow(attempt.idempotency, sessionId),
    waitMs: attempt.remainingMs(),
  });
  if (opened.kind === 'moved') throw movedPast(ctx, slot, seen);
  await ctx.racepoint?.('start:written');

  const session: GuardedSession = {
    id: sessionId,
    generation: opened.generation,
    slot,
    identity: decision.identity,
    modelMissing: false,
  };
  announceOpened(ctx, { session, slotVersion: opened.slotVersion, predecessor, reason, since: attempt.since });
  if (opened.collapsed > 0) ctx.telemetry.legacyCollapsed(opened.collapsed);
  await ctx.racepoint?.('start:announced');
  return predecessor === null ? { kind: 'created', session } : { kind: 'replaced', session, predecessor };
}

function refuseHandoff({ handoff }: Attempt, replaces: boolean): void {
  const problem = handoff === undefined ? undefined : checkHandoff(handoff, replaces);
  if (problem !== undefined) throw new PhaselockError('invalid_request', { detail: `handoff: ${problem}` });
}

async function adopt(
  ctx: GuardContext,
  { slot, actor, remainingMs }: Attempt,
  seen: SlotState,
  decision: Extract<StartDecision, { kind: 'existing' }>,
  writer: Writer,
): Promise<StartOutcome> {
  const adopted = await adoptSession(writer, { slot, seen, sessionId: decision.live.id, actor, waitMs: remainingMs() });
  if (adopted.outcome === 'moved') throw movedPast(ctx, slot, seen);
  announceAdopted(ctx, { slot, sessionId: decision.live.id, collapsed: adopted.collapsed });
  return answerTo(slot, decision);
}

async function createUnguarded(
  ctx: GuardContext,
  attempt: Attempt,
  { identity }: Extract<StartDecision, { kind: 'create' }>,
): Promise<StartOutcome> {
  const { slot, sessionId, actor } = attempt;
  refuseHandoff(attempt, false);
  const idempotency = idempotencyRow(attempt.idempotency, sessionId);
  try {
    await createBeside(ctx.database, { slot, sessionId, identity, createdBy: actor, standalone: false, idempotency });
  } catch (error) {
    const twin = isIdempotencyRace(error) ? await replay(ctx, attempt.idempotency, ctx.database) : undefined;
    if (twin === undefined) throw error;
    return twin;
  }
  const session: GuardedSession = { id: sessionId, generation: OUTSIDE_THE_GUARD, slot, identity, modelMissing: false };
  announceBeside(ctx, session);
  return { kind: 'created-beside', session };
}

function answer(
  ctx: GuardContext,
  slot: SlotKey,
  decision: Extract<StartDecision, { kind: 'existing' | 'ask' | 'refuse' }>,
): StartOutcome {
  announceAnswer(ctx, slot, decision.kind);
  return answerTo(slot, decision);
}
