import type { Effect, RecordedOperation } from './history.ts';

/** One acknowledged effect of an operation, and the time of the answer. */
export type Done<Kind extends Effect['kind'] = Effect['kind']> = {
  readonly operation: RecordedOperation;
  readonly effect: Extract<Effect, { kind: Kind }>;
  readonly at: number;
};

export const doneIn = (operations: readonly RecordedOperation[]): Done[] =>
  operations.flatMap((operation): Done[] => {
    const { answered } = operation;
    return answered === null ? [] : answered.effects.map((effect) => ({ operation, effect, at: answered.at }));
  });

/** The acknowledged creations of sessions. */
export const birthsIn = (done: readonly Done[]): Done<'birth'>[] =>
  done.flatMap(({ effect, ...rest }) => (effect.kind === 'birth' ? [{ ...rest, effect }] : []));

export const writesIn = (done: readonly Done[]): Done<'write'>[] =>
  done.flatMap(({ effect, ...rest }) => (effect.kind === 'write' ? [{ ...rest, effect }] : []));

/** The acknowledged deletions of sessions. */
export const departuresIn = (done: readonly Done[]): Done<'departure'>[] =>
  done.flatMap(({ effect, ...rest }) => (effect.kind === 'departure' ? [{ ...rest, effect }] : []));
