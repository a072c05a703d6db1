import type { Measured } from './capacity.ts';
import type { Result } from './result.ts';
import { secondsOf, tally } from './series-of-result.ts';

const READS: ReadonlySet<string> = new Set([
  'question',
  'lookup',
  'lookup-many',
  'list',
  'export',
  'read-session',
  'stale-turn',
  'stale-replace',
]);

/** Extracts the measurements for a capacity; undefined if the processes of the run were not sampled. */
export function measuredIn(result: Result): Measured | undefined {
  const { facts, resources, series, database } = result;
  const seconds = secondsOf(result);
  const all = tally(series.flatMap(({ windows }) => windows));
  const writes = tally(series.filter(({ name }) => !READS.has(name)).flatMap(({ windows }) => windows));
  const api = resources.filter(({ of }) => of.startsWith('api'));
  const postgresql = resources.filter(({ of }) => of === 'postgresql');
  const [cpuOfApi, cpuOfDatabase] = [cpuOf(api), cpuOf(postgresql)];
  if (cpuOfApi === 0 || cpuOfDatabase === 0 || writes.ok === 0 || facts.users === 0) return undefined;
  return {
    users: facts.users,
    answeredPerSecond: (all.ok + all.refused) / seconds,
    writesPerSecond: writes.ok / seconds,
    apiCores: cpuOfApi / seconds,
    databaseCores: cpuOfDatabase / seconds,
    apiProcesses: Math.max(1, facts.apis * Math.max(1, facts.workersPerApi)),
    apiMemoryBytes: memoryOf(api),
    databaseMemoryBytes: memoryOf(postgresql),
    connections: database?.connections ?? null,
    walBytesPerSecond: database?.walBytes == null ? null : database.walBytes / seconds,
  };
}

type Uses = Result['resources'];

const cpuOf = (uses: Uses): number => uses.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);

const memoryOf = (uses: Uses): number =>
  uses.reduce((sum, { windows }) => sum + Math.max(0, ...windows.map((one) => one?.memoryBytes ?? 0)), 0);
