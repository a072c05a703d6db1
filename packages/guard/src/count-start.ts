import { type DeletionReason, PhaselockError, QUESTION_CODES } from '@phaselock/core';
import type { StartOutcome as CountedOutcome } from '@phaselock/telemetry';
import type { GuardContext } from './context.ts';
import { refusalOutcome } from './refusal-outcome.ts';
import { replacementOutcome } from './replacement-outcome.ts';
import type { Start } from './start.ts';
import type { CountedAnswer, StartOutcome } from './start-outcome.ts';
import { cohortOfStart } from './which-cohort.ts';

/** What is noted of a start while it is under way. */
export type StartNotes = {
  /** Whether the single-session rule applies to it, as far as that is known. */
  guarded: boolean;
  /** Its answer is that of another call with the same Idempotency-Key, which counted it. */
  retold: boolean;
  /** Why the session that is there was to be replaced. */
  reason: DeletionReason | undefined;
};

/** Of a caller outside the rollout the task decides, once it is read. */
export const startNotes = ({ guarded = true }: Pick<Start, 'guarded'>): StartNotes => ({
  guarded: guarded === true,
  retold: false,
  reason: undefined,
});

type CountedStart = {
  readonly request: Pick<Start, 'phase' | 'mode' | 'say'>;
  readonly answer: CountedAnswer;
  readonly notes: StartNotes;
  /** From the request to its answer. */
  readonly seconds: number;
};

/** Counts a start and its error, whichever way it ends. */
export async function countingStart(
  ctx: GuardContext,
  request: Start,
  work: (notes: StartNotes) => Promise<StartOutcome>,
): Promise<StartOutcome> {
  const since = ctx.now();
  const notes = startNotes(request);
  const count = (answer: CountedAnswer): void =>
    countStart(ctx, { request, answer, notes, seconds: (ctx.now() - since) / 1000 });
  try {
    const outcome = await work(notes);
    count(outcome);
    return outcome;
  } catch (error) {
    if (error instanceof PhaselockError) {
      const failure = { kind: 'failed', code: error.code } as const;
      ctx.telemetry.failed(error.code, cohortOfStart(notes, failure));
      count(failure);
    }
    throw error;
  }
}

/**
 * Counts a start once, when it is answered, by what it was answered: neither the tries on the way, nor what a try that was not waited for any longer
 * still does, count as well. One whose caller has left, and one that is told again, are counted nowhere.
 */
export function countStart({ telemetry }: GuardContext, { request, answer, notes, seconds }: CountedStart): void {
  if (notes.retold || (answer.kind === 'failed' && answer.code === 'request_aborted')) return;
  const { phase, mode } = request;
  const cohort = cohortOfStart(notes, answer);
  telemetry.sessionStarted({ outcome: outcomeOf(answer), phase, mode, cohort });
  if (answer.kind === 'ask') telemetry.asked(QUESTION_CODES[answer.question], cohort);
  if (answer.kind === 'created-beside') telemetry.startedUnguarded();
  if (answer.kind === 'replaced' && notes.reason !== undefined)
    telemetry.sessionReplaced({ reason: notes.reason, cohort, seconds });
  // Without a confirmation no start replaces anything.
  if (request.say?.kind === 'replace') telemetry.replacementAttempted(replacementOutcome(answer), cohort);
}

function outcomeOf(answer: CountedAnswer): CountedOutcome {
  switch (answer.kind) {
    case 'created':
    case 'created-beside':
    case 'existing':
    case 'replaced':
      return answer.kind;
    case 'ask':
      return 'asked';
    case 'refused':
    case 'failed':
      return refusalOutcome(answer.code);
  }
}
