import { appendFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of a run folder; what is read by the proof and the report is named here once. */
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

/** The streams of changes that were followed, whether or not anything came, and in words those that never had all there is. */
export type FollowedFile = {
  readonly streams: readonly { readonly follower: string; readonly project: string }[];
  readonly unsettled: readonly string[];
};

/** A fault as it was made, on the wall clock. */
export type FaultLine = { readonly is: 'fault'; readonly name: string; readonly at: number; readonly until: number };

/** A time with the purge worker at work, or without it, on the wall clock. */
export type PeriodLine = {
  readonly is: 'period';
  readonly purge: boolean;
  readonly at: number;
  readonly until: number;
};

/** One line a second for each of the programs. CPU is all it has used since the run began. */
export type ResourceLine = {
  readonly wallMs: number;
  readonly of: string;
  readonly cpuSeconds: number;
  readonly memoryBytes: number;
};

/** Written at once: a run that is interrupted has every line it had reached. */
export function appendLine(file: string, line: FaultLine | PeriodLine | ResourceLine): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}
