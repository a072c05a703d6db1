import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of the files in the folder of a run. */
export const filesOf = (folder: string) => ({
  facts: join(folder, 'run.json'),
  journal: join(folder, 'journal.ndjson'),
  summary: join(folder, 'summary.json'),
  changes: join(folder, 'changes.ndjson'),
  followed: join(folder, 'followed.json'),
  faults: join(folder, 'faults.ndjson'),
  periods: join(folder, 'periods.ndjson'),
  resources: join(folder, 'resources.ndjson'),
  database: join(folder, 'database.json'),
  board: join(folder, 'board.json'),
  k6Log: join(folder, 'k6.log'),
});

/**
 * All change streams that were followed, with or without changes, and descriptions of those that did not receive
 * everything.
 */
export type FollowedFile = {
  readonly streams: readonly { readonly follower: string; readonly project: string }[];
  readonly unsettled: readonly string[];
};

/** An injected fault, in wall-clock time. */
export type FaultLine = { readonly is: 'fault'; readonly name: string; readonly at: number; readonly until: number };

/** A period with or without the purge worker, in wall-clock time. */
export type PeriodLine = {
  readonly is: 'period';
  readonly purge: boolean;
  readonly at: number;
  readonly until: number;
};

/** One line per second and program. `cpuSeconds` is the total since the start of the run. */
export type ResourceLine = {
  readonly wallMs: number;
  readonly of: string;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
};

/** Written synchronously, so that an interrupted run has all of its lines. */
export function appendLine(file: string, line: FaultLine | PeriodLine | ResourceLine): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}
