import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  eventually,
  holdLock,
  openTestGuard,
  type SpawnedNode,
  spawnNode,
  type TestGuard,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { twoCases } from '../test/histories.ts';
import { environment, MAIN } from '../test/run-verify.ts';

let home: TestGuard;
beforeAll(async () => {
  home = await openTestGuard();
  await twoCases(home);
});
afterAll(() => home[Symbol.asyncDispose]());

/** The server processes of running audits that execute a statement. */
async function atWork(): Promise<number> {
  const { rowCount } = await home.guard.database.pool.pg.query(
    `select from pg_stat_activity where application_name = 'verify-sessions' and state = 'active' and datname = current_database()`,
  );
  return rowCount ?? 0;
}

const waitForLock = async (): Promise<void> => {
  await eventually(async () => {
    const { rowCount } = await home.guard.database.pool.pg.query(
      `select from pg_stat_activity where application_name = 'verify-sessions' and wait_event_type = 'Lock' and datname = current_database()`,
    );
    return rowCount !== 0;
  });
};

const begin = (...args: readonly string[]): SpawnedNode =>
  spawnNode(MAIN, { args: ['--all', ...args], env: environment(home.databaseUrl) });

describe.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s', (signal, expected) => {
  test(`ends the audit with ${expected}, cancels its statements at the server, and leaves no file`, async () => {
    await using directory = await temporaryDirectory();
    // While the lock is held, only a cancellation ends the statements.
    await using held = await holdLock(home.databaseUrl, 'lock table archives in access exclusive mode');
    await using run = begin('--format', 'json', '-o', join(directory.path, 'report.json'));
    await waitForLock();
    expect(await readdir(directory.path)).toEqual([expect.stringMatching(/^report\.json\.[\da-f]+\.partial$/)]);
    run.kill(signal);
    expect(await run.exited).toEqual({ code: expected, signal: null });
    expect(run.stdout() + run.stderr()).toBe('');
    await eventually(async () => (await atWork()) === 0);
    expect(await readdir(directory.path)).toEqual([]);
    await held.letGo();
  });

  test('keeps the report of an earlier audit, and prints nothing', async () => {
    await using directory = await temporaryDirectory();
    await writeFile(join(directory.path, 'report'), 'of yesterday');
    await using held = await holdLock(home.databaseUrl, 'lock table archives in access exclusive mode');
    await using run = begin('--format', 'ndjson', '-o', join(directory.path, 'report'));
    await waitForLock();
    run.kill(signal);
    // The terminal and pnpm both send one.
    run.kill(signal);
    expect((await run.exited).code).toBe(expected);
    expect(await readdir(directory.path)).toEqual(['report']);
    await held.letGo();
  });
});

test('a signal while a connection waits for the tables that it reads first ends the audit as well', async () => {
  await using held = await holdLock(home.databaseUrl, 'lock table models in access exclusive mode');
  await using run = begin();
  await waitForLock();
  run.kill('SIGTERM');
  expect((await run.exited).code).toBe(143);
  await eventually(async () => (await atWork()) === 0);
  await held.letGo();
});

test('the server ends the statements of an audit that was killed', async () => {
  await using held = await holdLock(home.databaseUrl, 'lock table archives in access exclusive mode');
  await using run = begin();
  await waitForLock();
  run.kill('SIGKILL');
  await run.exited;
  await eventually(async () => (await atWork()) === 0);
  await held.letGo();
});
