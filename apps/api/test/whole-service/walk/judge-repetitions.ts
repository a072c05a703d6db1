import type { Judging } from './judging.ts';
import { underSameKey } from './memory.ts';
import { at, listAt, numberAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';

/**
 * A call with an Idempotency-Key has one effect: the same request returns the first response, a different one is
 * refused.
 */
export function judgeRepetition({ book, memory, operations }: Judging, seen: Seen): void {
  const { idempotencyKey } = seen.asking;
  if (idempotencyKey === undefined || !operations.named(seen.operation).takesIdempotencyKey || !succeeded(seen)) return;
  for (const other of underSameKey(memory, seen)) {
    if (hasMadeNothing(other)) continue;
    const same = requestOf(other) === requestOf(seen);
    if (same && agree(effectOf(other), effectOf(seen), seen.operation)) continue;
    book.complain({
      promise: `I ${same ? 'done twice' : 'another request accepted'} under one Idempotency-Key ${seen.operation}`,
      step: seen.step,
      what: `${effectOf(other)} of call ${other.call}, then ${effectOf(seen)}`,
      about: [idempotencyKey],
    });
  }
}

/**
 * Items of a bulk start without a session are decided anew on each repetition, so they may have a session the next
 * time.
 */
const agree = (before: string, now: string, operation: Seen['operation']): boolean => {
  if (operation !== 'startMany') return before === now;
  const items = now.split(', ');
  return before.split(', ').every((item, index) => [item, items[index]].includes('nothing') || item === items[index]);
};

const requestOf = ({ path, asking }: Seen): string => `${path} ${JSON.stringify([asking.body, asking.lines])}`;

/** Calls without an effect to repeat: a start that found its session, items that were all refused, or an empty log. */
const hasMadeNothing = (seen: Seen): boolean =>
  (seen.operation === 'startSession' && seen.status === 200) ||
  (seen.operation === 'startMany' && /^(nothing(, )?)*$/.test(effectOf(seen))) ||
  numberAt(seen.answer, 'appended') === 0;

/**
 * The effect of a call as its response describes it, without the current state, such as a lease or whether a model
 * exists.
 */
function effectOf({ operation, answer, text }: Seen): string {
  const parts = (names: readonly string[]): string => JSON.stringify(names.map((name) => at(answer, name) ?? null));
  switch (operation) {
    case 'startTurn':
      return parts(['processId', 'seq', 'session', 'action', 'reason', 'passedSessionId', 'replaced', 'handoff']);
    case 'startSession':
      return parts(['session.id', 'session.generation', 'predecessor']);
    case 'startMany':
      return listAt(answer, 'results')
        .map((item) => textAt(item, 'answer.session.id') ?? 'nothing')
        .join(', ');
    default:
      return textAt(answer, 'id') ?? text;
  }
}
