import type { FinalSession } from './final-state.ts';
import type { Judging } from './judging.ts';
import { numberAt, textAt } from './read.ts';
import { actorOf, type Seen, succeeded } from './seen.ts';

/**
 * Promise 8, checked in the events: no client without the scope replaced a session, and no client of another project
 * changed one.
 */
export function judgeActors({ book, memory }: Judging, sessions: readonly FinalSession[]): void {
  const events = new Map(sessions.flatMap((one) => one.events.map((event) => [numberAt(event, 'id'), { one, event }])));
  for (const { one, event } of events.values()) {
    const isOurs = memory.tasks.get(textAt(one.session, 'taskId') ?? '')?.side === 'ours';
    const [actor = '', reason = ''] = [textAt(event, 'actor'), textAt(event, 'reason')];
    const wrong = (promise: string): void =>
      book.complain({ promise, step: Number.POSITIVE_INFINITY, what: JSON.stringify(event), about: [one.id] });
    if (isOurs && actor.includes(actorOf('other'))) wrong('8 done by another project');
    const isReplacement = textAt(event, 'predecessorId') !== undefined && REPLACED.has(reason);
    if (isReplacement && actor.includes(actorOf('limited'))) wrong(`8 replaced without permission ${reason}`);
  }
}

/** The event reasons of a replacement. The reason `collapsed`, for the session that remains of several, is none. */
const REPLACED: ReadonlySet<string> = new Set(['model-changed', 'user-request', 'session-invalid']);

/** A create refused with 403 had no effect. Each walk call uses a unique name, by which the resource would be found. */
export function judgeForbidden({ book }: Judging, made: readonly unknown[]): void {
  const names = new Set(made.map((one) => textAt(one, 'name') ?? textAt(one, 'variant') ?? ''));
  const allowed = new Set(book.calls.filter((seen) => succeeded(seen)).map((seen) => ownNameOf(seen)));
  for (const seen of book.calls.filter(({ status }) => status === 403)) {
    const name = ownNameOf(seen);
    if (name === undefined || !names.has(name) || allowed.has(name)) continue;
    book.complain({ promise: `8 403 with effect ${seen.operation}`, step: seen.step, what: name, about: [name] });
  }
}

const ownNameOf = ({ asking }: Seen): string | undefined => {
  const name = textAt(asking.body, 'name');
  return name !== undefined && /\d/.test(name) && / |-of-/.test(name) ? name : undefined;
};
