import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import type { Proof } from '../proof/prove-run.ts';
import type { RunFacts } from '../run/run-facts.ts';
import { began, createCalls, writeRun } from '../testing/made-up-run.ts';
import { keepResult } from './keep-result.ts';
import { writeReport } from './write-report.ts';

async function kept(
  findings: Proof['findings'],
  facts: Partial<RunFacts> = {},
): Promise<{ files: string[]; said: string }> {
  await using folder = await temporaryDirectory();
  const [run, into] = [join(folder.path, 'run'), join(folder.path, 'kept')];
  await writeRun(run, { facts, lines: [began(), createCalls()('lookup', 'look', 0)] });
  const proof = { calls: 1, promises: [], checkers: [], audit: null, notChecked: [], findings };
  await writeReport({ folder: run, proof });
  const said = await keepResult(run, into).then(
    (file) => readFile(file, 'utf8'),
    (error: Error) => error.message,
  );
  return { files: await readdir(into).catch(() => []), said };
}

test('a result is stored under the name of its scenario, without the tested addresses', async () => {
  const { files, said } = await kept([]);
  expect(files).toEqual(['users-100.json']);
  expect(JSON.parse(said)).toMatchObject({ facts: { scenario: 'users-100', urls: [] } });
});

test.each([
  [10_000, 'data-size-10k.json'],
  [1_000_000, 'data-size-1M.json'],
  [12_345, 'data-size-12345.json'],
  [null, 'data-size.json'],
])('a data-size run on %s sessions is stored as %s', async (sessionsBefore, file) => {
  expect((await kept([], { scenario: 'data-size', sessionsBefore })).files).toEqual([file]);
});

test('a result with a failed proof is not stored, and one line states why', async () => {
  const { files, said } = await kept(['sessions: session-lost: s']);
  expect(files).toEqual([]);
  expect(said).toMatch(/^the proof of \S+ failed with 1 finding: [^\n]+$/);
});
