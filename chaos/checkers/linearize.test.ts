import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linearize, type Timed } from './linearize.ts';
import { SLOT_MODEL, type SlotAct, type SlotState } from './slot-model.ts';

/**
 * The definition of linearizability: tries every order that respects the times. Slow, but simple enough to be obviously
 * correct.
 */
function hasOrder(operations: readonly Timed<SlotAct>[], state: SlotState = SLOT_MODEL.initial): boolean {
  if (operations.every(({ until }) => until === Infinity)) return true;
  return operations.some((operation, at) => {
    // An operation that returned before this one was called must come first.
    if (operations.some(({ until }) => until < operation.at)) return false;
    const next = SLOT_MODEL.apply(state, operation.act);
    return next !== undefined && hasOrder(operations.toSpliced(at, 1), next);
  });
}

const session = fc.constantFrom('a', 'b', 'c');
const generation = fc.integer({ min: 1, max: 3 });
const act: fc.Arbitrary<SlotAct> = fc.oneof(
  fc.record({ kind: fc.constant('create' as const), session, generation }),
  fc.record({ kind: fc.constant('replace' as const), predecessor: session, session, generation }),
  fc.record({ kind: fc.constant('delete' as const), session }),
  fc.record({ kind: fc.constant('is-live' as const), session }),
  fc.record({ kind: fc.constant('is-gone' as const), session }),
);
const timed: fc.Arbitrary<Timed<SlotAct>> = fc
  .record({
    act,
    at: fc.integer({ min: 0, max: 12 }),
    takes: fc.option(fc.integer({ min: 1, max: 8 }), { freq: 5 }),
  })
  .map(({ act: one, at, takes }) => ({ act: one, at, until: takes === null ? Infinity : at + takes }));

/** Correct histories of a slot, observed by slow clients. Each has a valid order. */
const honest = fc
  .array(fc.record({ choice: fc.nat(3), before: fc.nat(3), after: fc.nat(3), known: fc.boolean() }), { maxLength: 7 })
  .map((steps) => {
    let state = SLOT_MODEL.initial;
    return steps.map(({ choice, before, after, known }, at): Timed<SlotAct> => {
      const next = nextAct(state, choice);
      state = SLOT_MODEL.apply(state, next) ?? state;
      return { act: next, at: at * 2 - before, until: known ? at * 2 + after + 0.5 : Infinity };
    });
  });

function nextAct({ live, generation: now }: SlotState, choice: number): SlotAct {
  const fresh = `s${now + 1}`;
  if (live === undefined) return { kind: 'create', session: fresh, generation: now + 1 };
  if (choice === 0) return { kind: 'delete', session: live };
  if (choice === 1) return { kind: 'is-live', session: live };
  return { kind: 'replace', predecessor: live, session: fresh, generation: now + 1 };
}

describe('linearize', () => {
  test('agrees with the definition on random histories', () => {
    fc.assert(
      fc.property(fc.array(timed, { maxLength: 6 }), (operations) => {
        expect(linearize(SLOT_MODEL, operations).ok).toBe(hasOrder(operations));
      }),
      { numRuns: 3_000 },
    );
  });

  test('accepts every correct history', () => {
    fc.assert(
      fc.property(honest, (operations) => {
        expect(linearize(SLOT_MODEL, operations).ok).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  test('agrees with the definition after one operation of a correct history is changed', () => {
    fc.assert(
      fc.property(honest, timed, fc.nat(6), (operations, other, at) => {
        const history = operations.length === 0 ? [other] : operations.with(at % operations.length, other);
        expect(linearize(SLOT_MODEL, history).ok).toBe(hasOrder(history));
      }),
      { numRuns: 2_000 },
    );
  });
});
