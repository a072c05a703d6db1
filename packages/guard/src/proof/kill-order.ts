import type { Effect, RecordedOperation } from '@phaselock/testkit';
import type { RacepointName } from '../racepoints.ts';
import type { Place } from './random-client.ts';

export type KillOrder = {
  readonly name: string;
  readonly databaseUrl: string;
  readonly strategy: 'pessimistic' | 'optimistic';
  readonly racepoint: RacepointName;
  /** The time it comes to its racepoint at which it dies. */
  readonly hit: number;
  readonly seed: number;
  readonly steps: number;
  readonly places: readonly [Place, ...Place[]];
};

/** What a worker says, a line each, before and after everything it does. */
export type JournalLine =
  | { readonly kind: 'invoked'; readonly number: number; readonly operation: Omit<RecordedOperation, 'answered'> }
  | { readonly kind: 'answered'; readonly number: number; readonly at: number; readonly effects: readonly Effect[] }
  | { readonly kind: 'survived' };

/** What was invoked and never answered was under way when its process died. */
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
