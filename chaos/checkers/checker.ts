import type { Entry, Operation } from '../history/operation.ts';
import type { Final } from '../read-back.ts';

/** Something that must not be, with the operations that show it. */
export type Finding = { readonly rule: string; readonly what: string; readonly operations: readonly number[] };

export type Verdict = {
  /** How many comparisons were made, by name. One that stays at nothing is a fault of the campaign: it proved nothing. */
  readonly compared: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
};

export type Conclusion = { readonly final: Final; readonly changes: ReadonlyMap<string, readonly string[]> };

/** Takes the history as it was complete, entry by entry, and keeps of it what it needs. It knows what clients saw, and nothing else. */
export type Checker = {
  readonly name: string;
  take(entry: Entry): void;
  conclude(end: Conclusion): Verdict;
};

/** For checkers that look at operations alone. */
export const ofOperations = (take: (operation: Operation) => void) => (entry: Entry) => {
  if (entry.is === 'operation') take(entry);
};

const MOST = 25;

/** Findings of one rule repeat each other; the first ones say what is wrong. */
export function createFindings() {
  const findings: Finding[] = [];
  const counts = new Map<string, number>();
  return {
    add: (rule: string, what: string, ...operations: readonly (Operation | number)[]) => {
      const count = (counts.get(rule) ?? 0) + 1;
      counts.set(rule, count);
      const numbers = operations.map((one) => (typeof one === 'number' ? one : one.n));
      if (count <= MOST) findings.push({ rule, what, operations: numbers });
    },
    all: (): readonly Finding[] => findings,
  };
}

/** What is in the map under the key, made if there is nothing. */
export function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const there = map.get(key);
  if (there !== undefined) return there;
  const made = make();
  map.set(key, made);
  return made;
}
