import type { Operation } from '../history/operation.ts';
import { entryOf } from './checker.ts';

/** How often an effect may be there in the end: at least, and at most. */
export type Bounds = { readonly least: number; readonly most: number; readonly operations: readonly Operation[] };

/** The tries of each effect. Under a key it may be there once; without one each try that may have been taken may have left it. */
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
