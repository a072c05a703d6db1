import type { Judging } from './judging.ts';
import { underSameKey } from './memory.ts';
import { listAt, numberAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';

/** A call under an Idempotency-Key is done once: the same again is answered with what it did, another one is refused. */
export function judgeRepetition({ book, memory, operations }: Judging, seen: Seen): void {
  const { idempotencyKey } = seen.asking;
  if (idempotencyKey === undefined || !operations.named(seen.operation).takesIdempotencyKey || !succeeded(seen)) return;
  for (const other of underSameKey(memory, seen)) {
    if (hasMadeNothing(other)) continue;
    const same = requestOf(other) === requestOf(seen);
    if (same && effectOf(other) === effectOf(seen)) continue;
    book.complain({
      promise: `I ${same ? 'done twice' : 'another request taken'} under one Idempotency-Key ${seen.operation}`,
      step: seen.step,
      what: `${effectOf(other)} of call ${other.call}, then ${effectOf(seen)}`,
      about: [idempotencyKey, effectOf(seen), effectOf(other)],
    });
  }
}

const requestOf = ({ path, asking }: Seen): string => `${path} ${JSON.stringify([asking.body, asking.lines])}`;

/** A start that found its session, or a log of no lines: there is nothing that could be answered again. */
const hasMadeNothing = ({ operation, status, answer }: Seen): boolean =>
  (operation === 'startSession' && status === 200) || numberAt(answer, 'appended') === 0;

/** What was made; where nothing was, the whole answer. */
function effectOf({ operation, answer, text }: Seen): string {
  // What is told beside the ids may be what holds now.
  if (operation === 'startMany')
    return listAt(answer, 'results')
      .map((item) => `${numberAt(item, 'status')} ${textAt(item, 'answer.session.id') ?? ''}`)
      .join(', ');
  return textAt(answer, 'processId') ?? textAt(answer, 'session.id') ?? textAt(answer, 'id') ?? text;
}
