import type { Effect, RecordedOperation } from '@phaselock/testkit';
import type { RacepointName } from '../../src/racepoints.ts';
import type { Place } from './random-client.ts';

/** Instructs a worker process to run random operations and to kill itself at one arrival at a racepoint. */
export type KillOrder = {
  readonly name: string;
  readonly databaseUrl: string;
  readonly strategy: 'pessimistic' | 'optimistic';
  readonly racepoint: RacepointName;
  /** The number of the arrival at the racepoint at which the worker kills itself, from 1. */
  readonly hit: number;
  readonly seed: number;
  readonly steps: number;
  readonly places: readonly [Place, ...Place[]];
};

/** One line of output of a worker, written before and after each operation. */
export type JournalLine =
  | { readonly kind: 'invoked'; readonly number: number; readonly operation: Omit<RecordedOperation, 'answered'> }
  | { readonly kind: 'answered'; readonly number: number; readonly at: number; readonly effects: readonly Effect[] }
  | { readonly kind: 'survived' };

/**
 * Reads the operations from the output of a worker. An operation without an answer was in progress when the worker
 * died.
 */
export function readJournal(lines: readonly string[]): RecordedOperation[] {
  const operations = new Map<number, RecordedOperation>();
  for (const line of lines) {
    const said: JournalLine = JSON.parse(line);
    if (said.kind === 'invoked') operations.set(said.number, { ...said.operation, answered: null });
    const known = said.kind === 'answered' ? operations.get(said.number) : undefined;
    if (said.kind === 'answered' && known !== undefined) operations.set(said.number, { ...known, answered: said });
  }
  return [...operations.values()];
}
