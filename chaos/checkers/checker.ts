import type { Entry, Operation } from '../history/operation.ts';
import type { Final } from '../read-back.ts';

/** A violation of a rule, with the numbers of the operations that show it. */
export type Finding = { readonly rule: string; readonly what: string; readonly operations: readonly number[] };

export type Verdict = {
  /** Number of comparisons by name. 0 is a failure of the campaign, because the rule was not tested. */
  readonly compared: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
};

/** The state after the campaign, which checkers compare with the history. */
export type Conclusion = { readonly final: Final; readonly changes: ReadonlyMap<string, readonly string[]> };

/**
 * Checks one group of rules. Receives the entries in the order of their completion, and uses only facts that
 * clients could observe.
 */
export type Checker = {
  readonly name: string;
  take(entry: Entry): void;
  conclude(end: Conclusion): Verdict;
};

/** Filter for checkers that only use operations. */
export const ofOperations = (take: (operation: Operation) => void) => (entry: Entry) => {
  if (entry.is === 'operation') take(entry);
};

const MOST = 25;

/** Collects findings. Keeps only the first ones of each rule, because further ones repeat them. */
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

/** Returns the map's value for the key, and creates it if absent. */
export function entryOf<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const there = map.get(key);
  if (there !== undefined) return there;
  const made = make();
  map.set(key, made);
  return made;
}
