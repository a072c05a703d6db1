import type { Operation } from '../history/operation.ts';
import { entryOf } from './checker.ts';

/** Least and greatest number of times an effect may exist at the end. */
export type Bounds = { readonly least: number; readonly most: number; readonly operations: readonly Operation[] };

/**
 * Collects the attempts at each effect. With an idempotency key the effect may exist once; without one, every attempt
 * that was not refused may have left it.
 */
export function createTries() {
  const byEffect = new Map<string, Operation[]>();
  return {
    add: (effect: string, operation: Operation) => void entryOf(byEffect, effect, () => []).push(operation),
    has: (effect: string) => byEffect.has(effect),
    *bounds(): Generator<readonly [string, Bounds]> {
      for (const [effect, operations] of byEffect) yield [effect, boundsOf(operations)];
    },
  };
}

function boundsOf(operations: readonly Operation[]): Bounds {
  const done = operations.filter(({ outcome }) => outcome === 'ok').length;
  const possible = done + operations.filter(({ outcome }) => outcome === 'unknown').length;
  const keyed = operations.every(({ key }) => key !== undefined);
  return keyed
    ? { least: Math.min(1, done), most: Math.min(1, possible), operations }
    : { least: done, most: possible, operations };
}
