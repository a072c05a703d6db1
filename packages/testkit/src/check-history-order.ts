import type { SessionId } from '@phaselock/core';
import type { Violation } from './history.ts';
import { birthsIn, type Done, departuresIn, writesIn } from './history-effects.ts';

/**
 * If one session was acknowledged before the creation of another in its slot was requested, its generation must be
 * smaller.
 */
export function realTimeOrder(done: readonly Done[]): Violation[] {
  const births = birthsIn(done);
  const answeredBefore = highestAnswered(births);
  return births.flatMap(({ operation: { slot, invokedAt }, effect: { session } }) => {
    const highest = answeredBefore(slot, invokedAt);
    return session.generation > highest
      ? []
      : [
          {
            rule: 'order',
            slot,
            what: `generation ${session.generation} was assigned to a request sent after ${highest} was acknowledged`,
          },
        ];
  });
}

/**
 * No write may be accepted under a session after an answer reported its deletion or replacement, or the creation of a
 * later generation. The last condition covers a client that was killed before it received the answer to its
 * replacement.
 */
export function staleWrites(done: readonly Done[]): Violation[] {
  const births = birthsIn(done);
  const answeredBefore = highestAnswered(births);
  const leftAt = new Map<SessionId, number>();
  const left = (id: SessionId, at: number): void =>
    void leftAt.set(id, Math.min(at, leftAt.get(id) ?? Number.POSITIVE_INFINITY));
  for (const { effect, at } of births) if (effect.predecessor !== null) left(effect.predecessor, at);
  for (const { effect, at } of departuresIn(done)) left(effect.sessionId, at);

  return writesIn(done).flatMap(({ operation: { slot, what, invokedAt }, effect: { session } }) => {
    const gone = invokedAt > (leftAt.get(session.id) ?? Number.POSITIVE_INFINITY);
    const passed = session.generation > 0 && session.generation < answeredBefore(slot, invokedAt);
    return gone || passed
      ? [{ rule: 'stale-write', slot, what: `${what} was accepted under the deleted or replaced ${session.id}` }]
      : [];
  });
}

/** Returns the highest generation of a slot acknowledged before a moment; 0 for none. */
function highestAnswered(births: readonly Done<'birth'>[]): (slot: string, before: number) => number {
  type Step = { readonly at: number; readonly highest: number };
  const steps = new Map<string, readonly Step[]>();
  for (const [slot, ofSlot] of Map.groupBy(births, ({ operation }) => operation.slot)) {
    let highest = 0;
    const inOrder = ofSlot.toSorted((a, b) => a.at - b.at);
    steps.set(
      slot,
      inOrder.map(({ at, effect }) => {
        highest = Math.max(highest, effect.session.generation);
        return { at, highest };
      }),
    );
  }
  return (slot, before) => {
    const ofSlot = steps.get(slot) ?? [];
    let low = 0;
    let high = ofSlot.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((ofSlot[middle]?.at ?? before) < before) low = middle + 1;
      else high = middle;
    }
    return ofSlot[low - 1]?.highest ?? 0;
  };
}
