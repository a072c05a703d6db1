import type { Ask } from './caller.ts';
import type { Catalogue } from './catalogue.ts';
import type { Memory } from './memory.ts';
import type { Operations } from './operations.ts';
import type { Random } from './random.ts';
import type { Runners } from './runners.ts';
import type { Client, Seen } from './seen.ts';
import type { Streams } from './streams.ts';

/** Everything one step of the walk can use. */
export type Turn = {
  readonly step: number;
  readonly random: Random;
  readonly ask: Ask;
  readonly clients: { readonly all: Client; readonly limited: Client; readonly other: Client };
  readonly memory: Memory;
  readonly catalogue: Catalogue;
  readonly operations: Operations;
  readonly runners: Runners;
  readonly streams: Streams;
  /** The latest successful calls with an Idempotency-Key. */
  recentlyKeyed(most: number): readonly Seen[];
};

export type Move = (turn: Turn) => Promise<void>;

/** An Idempotency-Key for some of the calls of operations that accept one. */
export const maybeKey = (
  { random, operations, step }: Turn,
  operation: string,
): { readonly idempotencyKey?: string } =>
  operations.named(operation).takesIdempotencyKey && random.chance(0.3)
    ? { idempotencyKey: `${operation}-${step}` }
    : {};

export const chooseClient = ({ random, clients }: Turn): Client =>
  random.weighted([
    [6, clients.all],
    [3, clients.limited],
    [2, clients.other],
  ]);
