import { type DeletionReason, PhaselockError, QUESTION_CODES } from '@phaselock/core';
import type { StartOutcome as CountedOutcome } from '@phaselock/telemetry';
import type { GuardContext } from './context.ts';
import { refusalOutcome } from './refusal-outcome.ts';
import { replacementOutcome } from './replacement-outcome.ts';
import type { CountedAnswer, StartOutcome } from './start-outcome.ts';
import type { Start } from './start-request.ts';
import { cohortOfStart } from './which-cohort.ts';

/** What the metrics of a start need, collected while the start runs. */
export type StartNotes = {
  /** Whether the single-session rule applies to the start, as far as that is known yet. */
  guarded: boolean;
  /** The answer was replayed from another call with the same Idempotency-Key, and that call counted it. */
  retold: boolean;
  /** Why the existing session is replaced. */
  reason: DeletionReason | undefined;
};

/** For a caller outside the rollout (`if-task-is`), `guarded` is false until the task has been read. */
export const startNotes = ({ guarded = true }: Pick<Start, 'guarded'>): StartNotes => ({
  guarded: guarded === true,
  retold: false,
  reason: undefined,
});

type CountedStart = {
  readonly request: Pick<Start, 'phase' | 'mode' | 'say'>;
  readonly answer: CountedAnswer;
  readonly notes: StartNotes;
  /** Duration from the request to its answer. */
  readonly seconds: number;
};

/** Runs a start and counts it, and its error if it fails. */
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
 * Counts a start once, by its answer: neither retries nor work that continues after the answer are counted. A replayed
 * answer and a start whose caller has disconnected are not counted as starts.
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
  // A start replaces a session only with a confirmation, so only a confirmed start is an attempt to replace.
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
