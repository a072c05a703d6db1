import type { Judging } from './judging.ts';
import { underSameKey } from './memory.ts';
import { at, listAt, numberAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';

/** A call under an Idempotency-Key is done once: the same again is answered with what it did, another one is refused. */
export function judgeRepetition({ book, memory, operations }: Judging, seen: Seen): void {
  const { idempotencyKey } = seen.asking;
  if (idempotencyKey === undefined || !operations.named(seen.operation).takesIdempotencyKey || !succeeded(seen)) return;
  for (const other of underSameKey(memory, seen)) {
    if (hasMadeNothing(other)) continue;
    const same = requestOf(other) === requestOf(seen);
    if (same && agree(effectOf(other), effectOf(seen), seen.operation)) continue;
    book.complain({
      promise: `I ${same ? 'done twice' : 'another request taken'} under one Idempotency-Key ${seen.operation}`,
      step: seen.step,
      what: `${effectOf(other)} of call ${other.call}, then ${effectOf(seen)}`,
      about: [idempotencyKey],
    });
  }
}

/** Items of a bulk start that came to no session are decided anew, so they may come to one the next time. */
const agree = (before: string, now: string, operation: Seen['operation']): boolean => {
  if (operation !== 'startMany') return before === now;
  const items = now.split(', ');
  return before.split(', ').every((item, index) => [item, items[index]].includes('nothing') || item === items[index]);
};

const requestOf = ({ path, asking }: Seen): string => `${path} ${JSON.stringify([asking.body, asking.lines])}`;

/** A start that found its session, items that were all refused, or a log of no lines: there is nothing that could be answered again. */
const hasMadeNothing = (seen: Seen): boolean =>
  (seen.operation === 'startSession' && seen.status === 200) ||
  (seen.operation === 'startMany' && /^(nothing(, )?)*$/.test(effectOf(seen))) ||
  numberAt(seen.answer, 'appended') === 0;

/** What was done, and what was said of it; not what holds now, such as a lease or whether a model is still there. */
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
