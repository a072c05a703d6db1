import type { RuleId } from '../../src/rules.ts';

/** A corruption that a test plants in a correct history, and the rules that must report it: all of them, and no other. */
export type Planted = {
  /** The class of the corruption, as docs/verify-sessions.md lists it. */
  readonly what: string;
  readonly rules: readonly [RuleId, ...RuleId[]];
  /** Only an audit that computes the hashes anew reports it. */
  readonly withChain?: true;
};

/** A corruption of the history of `everyLife`. `$name` stands for the id of a session, task or attempt of it. */
export type PlantedRows = Planted & { readonly sql: string };
