import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Random } from '../../chaos/random.ts';
import type { Call, JournalLine } from '../journal/journal-line.ts';
import type { RunFacts } from '../run/run-facts.ts';

export const BEGAN_MS = Date.parse('2026-11-22T10:00:00.000Z');

export const aFactsFile = (said: Partial<RunFacts> = {}): RunFacts => ({
  scenario: 'users-100',
  startedAt: new Date(BEGAN_MS).toISOString(),
  endedAt: new Date(BEGAN_MS + 120_000).toISOString(),
  product: 'self',
  urls: ['http://127.0.0.1:4700'],
  apis: 1,
  workersPerApi: 1,
  machine: { cores: 2, memoryBytes: 24 * 1024 ** 3, cpuModel: 'a processor' },
  revision: 'abcdef0',
  versions: { node: '24.21.0', k6: '2.2.0', postgresql: '18.1' },
  users: 100,
  durationSeconds: 120,
  sessionsBefore: 0,
  k6Exit: 0,
  crashes: [],
  ...said,
});

export type MadeUpRun = {
  readonly facts?: Partial<RunFacts>;
  readonly lines: Iterable<JournalLine | string>;
  /** Other files of the folder, each with its lines. */
  readonly files?: Readonly<Record<string, readonly object[]>>;
};

/** Writes the files of a run folder. */
export async function writeRun(folder: string, { facts, lines, files = {} }: MadeUpRun): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'run.json'), JSON.stringify(aFactsFile(facts)));
  const journal = createWriteStream(join(folder, 'journal.ndjson'));
  for (const line of lines)
    if (!journal.write(typeof line === 'string' ? line : `${JSON.stringify(line)}\n`)) await once(journal, 'drain');
  journal.end();
  await finished(journal);
  const others = { 'summary.json': [{ metrics: {} }], 'followed.json': [{ streams: [], unsettled: [] }], ...files };
  for (const [name, entries] of Object.entries(others))
    await writeFile(join(folder, name), entries.map((entry) => `${JSON.stringify(entry)}\n`).join(''));
}

export const began = (wallMs = BEGAN_MS): JournalLine => ({ is: 'began', wallMs, at: 0 });

export type CallScript = (name: Call['name'], kind: Call['kind'], at: number, said?: Partial<Call>) => Call;

/** Creates numbered calls; each takes 10 ms unless stated otherwise. */
export function createCalls(): CallScript {
  let n = 0;
  return (name, kind, at, said = {}) => {
    n += 1;
    const base = { client: 1, api: 0, until: at + 10, asked: {}, outcome: 'ok' as const, arm: 'closed' as const };
    return { is: 'operation', n, name, kind, at, ...base, ...said };
  };
}

/** A log-normal duration: near the median, sometimes much longer, like real response times. */
export const aDuration = (random: Random, medianMs: number): number => {
  const [one, other] = [Math.max(random(), 1e-9), random()];
  return medianMs * Math.exp(0.5 * Math.sqrt(-2 * Math.log(one)) * Math.cos(2 * Math.PI * other));
};
