import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as yieldToOthers } from 'node:timers/promises';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { runExclusively } from './exclusive-section.ts';
import { liveClaims, makeClaim } from './process-claims.ts';

test('concurrent calls never run their work at the same time', async () => {
  await using directory = await temporaryDirectory();
  let inside = 0;
  let done = 0;
  const work = async () => {
    inside += 1;
    expect(inside).toBe(1);
    await yieldToOthers();
    inside -= 1;
    done += 1;
  };
  await Promise.all(Array.from({ length: 12 }, () => runExclusively(directory.path, { timeoutMs: 20_000 }, work)));
  expect(done).toBe(12);
});

test('failed work releases the section for the next call', async () => {
  await using directory = await temporaryDirectory();
  const failing = runExclusively(directory.path, { timeoutMs: 1_000 }, () => Promise.reject(new Error('no luck')));
  await expect(failing).rejects.toThrow('no luck');
  expect(await runExclusively(directory.path, { timeoutMs: 0 }, async () => 'in')).toBe('in');
});

test('a call that waits too long is rejected with the process id of the holder', async () => {
  await using directory = await temporaryDirectory();
  await makeClaim(directory.path);
  const waiting = runExclusively(directory.path, { timeoutMs: 0 }, async () => 'in');
  await expect(waiting).rejects.toThrow(`Waited 0 ms for process ${process.pid}`);
});

test('claims of dead processes, claims of a reused pid, and other files are ignored', async () => {
  await using directory = await temporaryDirectory();
  const users = join(directory.path, 'users');
  await mkdir(users);
  const beyondAnyPid = 2 ** 30;
  for (const name of [`${beyondAnyPid}-1-aa`, `${process.pid}-1-bb`, '0-1-cc', 'notes.txt']) {
    await writeFile(join(users, name), '');
  }
  const { name } = await makeClaim(users);
  expect(await liveClaims(users)).toEqual([name]);
});
