import { type ErrorCode, OUTSIDE_THE_GUARD, PhaselockError, QUESTION_CODES } from '@phaselock/core';
import type { Cohort, TurnOutcome as CountedOutcome } from '@phaselock/telemetry';
import type { GuardContext } from './context.ts';
import { isTemporary } from './fresh-conversation.ts';
import { replacementOutcome } from './replacement-outcome.ts';
import type { StartTurn, TurnNotes, TurnOutcome } from './turn-request.ts';
import { cohortOf } from './which-cohort.ts';

const turnNotes = (): TurnNotes => ({
  state: undefined,
  decision: undefined,
  replaces: false,
  retold: false,
});

type CountedTurn = {
  readonly request: Pick<StartTurn, 'say' | 'generation'>;
  readonly answer: TurnOutcome | { readonly kind: 'failed'; readonly code: ErrorCode };
  readonly notes: TurnNotes;
  /** Duration from the request to its answer. */
  readonly seconds: number;
};

/** Runs a turn and counts it once, by its answer. A turn that begins another session is also counted as a start. */
export async function countingTurn(
  ctx: GuardContext,
  request: StartTurn,
  work: (notes: TurnNotes) => Promise<TurnOutcome>,
): Promise<TurnOutcome> {
  const since = ctx.now();
  const notes = turnNotes();
  const count = (answer: CountedTurn['answer']): void =>
    countTurn(ctx, { request, answer, notes, seconds: (ctx.now() - since) / 1000 });
  try {
    const outcome = await work(notes);
    count(outcome);
    return outcome;
  } catch (error) {
    if (error instanceof PhaselockError) count({ kind: 'failed', code: error.code });
    throw error;
  }
}

function countTurn(ctx: GuardContext, turn: CountedTurn): void {
  const { telemetry } = ctx;
  const { request, answer, notes } = turn;
  if (answer.kind === 'failed')
    telemetry.failed(answer.code, notes.state === undefined ? 'none' : cohortOf(notes.state.guarded));
  if (notes.retold || (answer.kind === 'failed' && answer.code === 'request_aborted')) return;
  const decision = decisionOf(turn);
  if (decision !== undefined) telemetry.turnDecided(decision);
  const cohort = cohortOfTurn(request, notes);
  if (answer.kind === 'ask') telemetry.asked(QUESTION_CODES[answer.question], cohort);
  const began = beganBy(turn);
  if (began !== undefined) countFresh(ctx, turn, began);
  if (request.say?.kind === 'replace' || notes.replaces)
    telemetry.replacementAttempted(replacementOutcome(began === undefined ? answer : { kind: began }), cohort);
}

/** How the turn opened another session: in place of the old one or beside it. Undefined if it opened none. */
function beganBy({ answer, notes: { decision } }: CountedTurn): 'replaced' | 'created-beside' | undefined {
  if (answer.kind !== 'started' || decision?.kind !== 'fresh') return undefined;
  return answer.replaced === null ? 'created-beside' : 'replaced';
}

function countFresh({ telemetry }: GuardContext, turn: CountedTurn, outcome: 'replaced' | 'created-beside'): void {
  const { state, decision } = turn.notes;
  if (state === undefined || decision?.kind !== 'fresh' || isTemporary(state)) return;
  const cohort = cohortOfTurn(turn.request, turn.notes);
  telemetry.sessionStarted({ outcome, phase: state.slot.phase, mode: state.slot.mode, cohort });
  if (outcome === 'replaced') telemetry.sessionReplaced({ reason: decision.reason, cohort, seconds: turn.seconds });
  else telemetry.startedUnguarded();
}

function decisionOf({ answer, notes }: CountedTurn): CountedOutcome | undefined {
  switch (answer.kind) {
    case 'started':
      return notes.decision?.kind === 'refuse' || notes.decision?.kind === 'ask' ? undefined : notes.decision?.kind;
    case 'ask':
      return 'asked';
    case 'refused':
      if (answer.code === 'session_moved_on') return 'moved_on';
      return answer.code === 'predecessor_stopping' ? answer.code : 'refused';
    case 'failed':
      return undefined;
  }
}

/**
 * The cohort of a turn. If the session could not be read, the requested generation decides: outside the guard it is 0.
 */
const cohortOfTurn = ({ generation }: CountedTurn['request'], { state }: TurnNotes): Cohort =>
  cohortOf(state?.guarded ?? generation > OUTSIDE_THE_GUARD);
