import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { watchJournal } from './watch-journal.ts';

const call = (more: object) => JSON.stringify({ is: 'operation', arm: 'closed', outcome: 'ok', told: {}, ...more });
const project = (id: string, outcome = 'ok') => `${call({ name: 'create-project', outcome, told: { id } })}\n`;

test('reports earlier and new projects, from complete lines only', async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'journal.ndjson');
  await using watch = watchJournal(file);
  const told: string[] = [];
  watch.onProject((id) => told.push(id));
  const [start, end] = [project('two').slice(0, 40), project('two').slice(40)];
  await appendFile(
    file,
    `${project('one')}${project('refused', 'refused')}${call({ name: 'turn' })}\nno json\n${start}`,
  );
  await eventually(() => told.length === 1);
  await appendFile(file, end);
  await eventually(() => told.length === 2);
  expect(told).toEqual(['one', 'two']);
  const later: string[] = [];
  watch.onProject((id) => later.push(id));
  expect(later).toEqual(told);
});

test('began resolves at the first arrival, and rejects if there is none', async () => {
  await using folder = await temporaryDirectory();
  const file = join(folder.path, 'journal.ndjson');
  await using begun = watchJournal(file);
  await appendFile(file, `{"is":"began","wallMs":1,"at":0}\n${call({ arm: 'open', name: 'lookup' })}\n`);
  await begun.began;
  const never = watchJournal(join(folder.path, 'none.ndjson'));
  await never[Symbol.asyncDispose]();
  await expect(never.began).rejects.toThrow('no arrival came');
});
