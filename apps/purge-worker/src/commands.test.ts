import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aStart, begin, eventually, freePort, spawnNode } from '@phaselock/testkit';
import { describe, expect, test, vi } from 'vitest';
import { openTestWorker, type TestWorker } from '../test/open-test-worker.ts';

// Each command is a separate process, and a test starts up to a dozen of them.
vi.setConfig({ testTimeout: 120_000 });

const MAIN = join(import.meta.dirname, 'main.ts');

async function run({ env }: Pick<TestWorker, 'env'>, args: readonly string[], more: NodeJS.ProcessEnv = {}) {
  await using command = spawnNode(MAIN, { args, env: { ...env, ...more } });
  const { code } = await command.exited;
  return { code, said: command.stdout(), complained: command.stderr() };
}

async function aDeletedSession({ home: { guard, world } }: TestWorker): Promise<string> {
  const session = await begin(guard, aStart(await world.task()));
  await guard.softDelete({ sessionId: session.id });
  return session.id;
}

test('once archives and purges all that is due, and status lists the run', async () => {
  await using worker = await openTestWorker();
  await aDeletedSession(worker);
  await aDeletedSession(worker);
  const dry = await run(worker, ['once', '--dry-run']);
  expect(dry).toMatchObject({ code: 0, said: expect.stringMatching(/archive 2[\s\S]*Nothing was changed/) });
  expect(await run(worker, ['once'])).toMatchObject({
    code: 0,
    said: expect.stringMatching(/^archived 2 .* purged 2 · removed 0 · failed 0/),
    complained: '',
  });
  expect((await run(worker, ['once'])).said).toMatch(/^archived 0 /);
  expect((await run(worker, ['status'])).said).toMatch(/kept +2[\s\S]*archived 2 /);
});

test('deletes, archives and purges sessions that were never used once they are old enough', async () => {
  await using worker = await openTestWorker();
  const { guard, world } = worker.home;
  const { id } = await begin(guard, aStart(await world.task()));
  await guard.database.pool.pg.query(`update sessions set updated_at = now() - interval '31 days' where id = '${id}'`);
  const standalone = await guard.beginStandalone({
    taskId: await world.task(),
    phase: 'run',
    mode: 'standard',
    model: { agent: 'codex', model: 'gpt-5.1-codex' },
  });
  await guard.database.pool.pg.query(
    `update sessions set updated_at = now() - interval '31 days', lease_expires_at = null where id = '${standalone.id}'`,
  );
  const young = await begin(guard, aStart(await world.task()));
  expect((await run(worker, ['once', '--dry-run'])).said).toMatch(/orphans +2 would/);
  expect((await run(worker, ['once'], { PHASELOCK_PURGE_ORPHANS_AFTER_DAYS: '0' })).said).toMatch(/^archived 0/);
  expect((await run(worker, ['once'])).said).toMatch(/^archived 2 .*orphans deleted 2/);
  await expect(guard.session(young.id)).resolves.toMatchObject({ deletedAt: null });
  await expect(guard.session(id)).rejects.toMatchObject({ code: 'session_not_found' });
});

test('dead letters can be listed, retried, and discarded with a reason', async () => {
  await using worker = await openTestWorker();
  const sessionId = await aDeletedSession(worker);
  const { pg } = worker.home.guard.database.pool;
  // As after the last failed retry.
  await pg.query(
    `insert into archive_claims (session_id, task_id, failures, error_code, error_text, dead_at)
       select id, task_id, 4, 'store_full', 'no room', now() from sessions where id = '${sessionId}'`,
  );
  expect((await run(worker, ['dlq', 'list'])).said).toMatch(
    new RegExp(`${sessionId}.*4 tries  store_full\\n  no room`),
  );
  expect((await run(worker, ['once'])).said).toMatch(/^archived 0/);
  expect(await run(worker, ['dlq', 'discard', sessionId, '--reason', 'a test'])).toMatchObject({ code: 0 });
  expect((await run(worker, ['dlq', 'list'])).said).toMatch(/no dead letters/);
  expect((await run(worker, ['dlq', 'list', '--discarded'])).said).toMatch(/discarded: a test/);
  expect(await run(worker, ['dlq', 'retry', '--all'])).toMatchObject({ code: 0, said: '0 scheduled for a retry\n' });
  expect(await run(worker, ['dlq', 'retry', sessionId])).toMatchObject({ code: 0, said: '1 scheduled for a retry\n' });
  expect((await run(worker, ['once'])).said).toMatch(/^archived 1/);
  expect(await run(worker, ['dlq', 'retry', sessionId])).toMatchObject({ code: 3 });
});

test('sets a legal hold with a reason, and releases it', async () => {
  await using worker = await openTestWorker();
  const sessionId = await aDeletedSession(worker);
  expect(await run(worker, ['hold', sessionId, '--reason', 'case 4711'])).toMatchObject({ code: 3 });
  await run(worker, ['once']);
  expect(await run(worker, ['hold', sessionId, '--reason', 'case 4711'])).toMatchObject({ code: 0 });
  expect((await run(worker, ['status'])).said).toMatch(/1 on hold/);
  expect(await run(worker, ['release', sessionId])).toMatchObject({ code: 0 });
});

describe('a store that is not the one recorded in the database', () => {
  test('makes each command that would use it exit with 4 and a message, until the known store is back', async () => {
    await using worker = await openTestWorker();
    await aDeletedSession(worker);
    expect(await run(worker, ['store'])).toMatchObject({ code: 0, said: expect.stringMatching(/not marked yet/) });
    await run(worker, ['once']);
    expect(await run(worker, ['store'])).toMatchObject({
      code: 0,
      said: expect.stringMatching(/known as [\da-f-]{36}/),
    });
    await aDeletedSession(worker);
    await rename(worker.folder, `${worker.folder}-away`);
    const refused = { code: 4, complained: expect.stringMatching(/store_changed: there is no folder/) };
    expect(await run(worker, ['once'])).toMatchObject(refused);
    expect(await run(worker, ['run'])).toMatchObject(refused);
    expect(await run(worker, ['store', 'adopt', '--reason', 'a test'])).toMatchObject(refused);
    const told = { code: 4, said: expect.stringMatching(/store_changed: there is no folder/) };
    expect(await run(worker, ['once', '--dry-run'])).toMatchObject(told);
    expect(await run(worker, ['store'])).toMatchObject(told);
    expect(await run(worker, ['status'])).toMatchObject({ ...told, code: 0 });
    expect(existsSync(worker.folder)).toBe(false);
    await rename(`${worker.folder}-away`, worker.folder);
    expect((await run(worker, ['once'])).said).toMatch(/^archived 1 .* purged 1/);
  });

  test('can be adopted with a reason, after the objects of purged sessions were read', async () => {
    await using worker = await openTestWorker();
    await aDeletedSession(worker);
    await run(worker, ['once']);
    await rm(join(worker.folder, 'phaselock-store.json'));
    expect(await run(worker, ['once'])).toMatchObject({
      code: 4,
      complained: expect.stringMatching(/carries no marker/),
    });
    expect(await run(worker, ['store', 'adopt', '--reason', 'the marker was deleted by mistake'])).toMatchObject({
      code: 0,
      said: expect.stringMatching(/1 objects of purged sessions were read: each is as recorded[\s\S]*is now the store/),
    });
    expect(await run(worker, ['once'])).toMatchObject({ code: 0 });

    await rm(worker.folder, { recursive: true });
    await mkdir(worker.folder);
    expect(await run(worker, ['store', 'adopt', '--reason', 'the disk is gone'])).toMatchObject({
      code: 2,
      said: expect.stringMatching(/1 are not as recorded[\s\S]*Nothing was changed/),
    });
    const accepted = ['store', 'adopt', '--despite-loss', '--reason', 'the disk is gone'];
    expect(await run(worker, accepted)).toMatchObject({ code: 0 });
    expect(await run(worker, ['once'])).toMatchObject({ code: 0 });
  });
});

test('reports a damaged object and archives its session again in the same run', async () => {
  await using worker = await openTestWorker();
  const sessionId = await aDeletedSession(worker);
  await run(worker, ['once'], { PHASELOCK_PURGE_AFTER_HOURS: '1' });
  const object = (await readdir(worker.folder, { recursive: true })).find((name) => name.endsWith('.gz')) ?? '';
  await writeFile(join(worker.folder, object), 'something else');
  expect(await run(worker, ['once'])).toMatchObject({
    code: 2,
    said: expect.stringMatching(/^archived 1 .* purged 1 .* failed 1/),
    complained: expect.stringMatching(new RegExp(`${sessionId} is archived again: object_damaged: `)),
  });
  expect(await run(worker, ['once'])).toMatchObject({ code: 0 });
});

test.each([
  [[], 0, 'usage:'],
  [['store', 'move'], 64, 'use store, or store adopt'],
  [['store', 'adopt'], 64, '--reason is missing'],
  [['store', '--despite-loss'], 64, '--despite-loss is not expected here'],
  [['ron'], 64, 'there is no command ron'],
  [['once', '--all'], 64, '--all is not expected here'],
  [['once', 'twice'], 64, 'twice is not expected here'],
  [['once', '--fast'], 64, 'fast'],
  [['dlq'], 64, 'use dlq list, dlq retry or dlq discard'],
  [['dlq', 'retry'], 64, 'name the sessions, or use --all'],
  [['dlq', 'retry', 'x'], 64, 'x is not the id of a session'],
  [['dlq', 'discard', '--all'], 64, '--reason is missing'],
  [['hold'], 64, 'name one session'],
])('%j exits with %i and prints the reason', async (args, code, why) => {
  const { said, complained, ...ended } = await run({ env: {} }, args);
  expect(ended).toEqual({ code });
  expect(said + complained).toContain(why);
  expect(complained).not.toMatch(/ {4}at /);
});

describe('a configuration mistake or unusable database', () => {
  test.each([
    [{ PHASELOCK_PURGE_BATCH: '1001', PHASELOCK_PURGE_WRITES: '0' }, 64, /PURGE_BATCH must[\s\S]*PURGE_WRITES must/],
    [{ PHASELOCK_ARCHIVE_URL: 's3://key:secret@b' }, 64, /PHASELOCK_ARCHIVE_URL must not hold keys/],
    [{ PHASELOCK_PURGE_AFTER_HOURS: '1', PHASELOCK_ARCHIVE_AFTER_HOURS: '2' }, 64, /less than/],
    [{ PHASELOCK_PURGE_SCHEDULE: 'daily' }, 64, /cron expression with five fields/],
    [{ PHASELOCK_DATABASE_URL: 'postgres://127.0.0.1:1/x', PHASELOCK_MIGRATE: 'off' }, 1, /ECONNREFUSED/],
  ])('is reported in one line: %j', async (env, code, why) => {
    const ended = await run({ env: {} }, ['once'], env);
    expect(ended).toMatchObject({ code, complained: expect.stringMatching(why) });
    expect(ended.complained).not.toMatch(/ {4}at |secret@/);
  });

  test('is reported in one line when the archive folder is a file', async () => {
    await using worker = await openTestWorker();
    await writeFile(worker.folder, '');
    expect(await run(worker, ['once'])).toMatchObject({ code: 1, complained: expect.stringMatching(/not a folder/) });
  });
});

test('run waits for its schedule, serves metrics on loopback, and stops on SIGTERM or SIGINT', async () => {
  await using worker = await openTestWorker();
  await mkdir(worker.folder);
  await using running = spawnNode(MAIN, { args: ['run'], env: { ...worker.env, PHASELOCK_PURGE_METRICS_PORT: '0' } });
  await running.waitForLine(/waits for its next scheduled run/);
  running.kill('SIGTERM');
  expect(await running.exited).toEqual({ code: 0, signal: null });

  await using served = spawnNode(MAIN, {
    args: ['run'],
    env: { ...worker.env, PHASELOCK_PURGE_METRICS_PORT: String(await freePort()) },
  });
  const [, url = ''] = await served.waitForLine(/"phaselock\.purge\.metrics_url":"([^"]+)"/);
  await aDeletedSession(worker);
  const text = await eventually(async () => {
    const metrics = await (await fetch(url)).text();
    if (!/phaselock_archive_backlog 1/.test(metrics)) throw new Error(metrics);
    return metrics;
  });
  expect(text).not.toMatch(/^phaselock_archive_last_(?:success|run)/m);
  expect(text).toMatch(/^phaselock_archive_oldest_due_age_seconds [\d.e-]+$/m);
  expect((await fetch(url, { method: 'POST' })).status).toBe(405);
  expect((await fetch(new URL('/elsewhere', url))).status).toBe(404);
  served.kill('SIGINT');
  expect(await served.exited).toEqual({ code: 0, signal: null });
});

test('stops a run between two steps on SIGTERM and releases its claims', async () => {
  await using worker = await openTestWorker();
  for (let made = 0; made < 120; made += 1) await aDeletedSession(worker);
  await using slow = spawnNode(MAIN, {
    args: ['once'],
    env: { ...worker.env, PHASELOCK_PURGE_SESSIONS_PER_SECOND: '1' },
  });
  await eventually(async () => (await readdir(join(worker.folder, 'sessions'))).length > 0);
  slow.kill('SIGTERM');
  expect(await slow.exited).toMatchObject({ code: 130 });
  const { rows } = await worker.home.guard.database.pool.pg.query(
    'select count(token)::int as held from archive_claims',
  );
  expect(rows).toEqual([{ held: 0 }]);
  const rest = await run(worker, ['once']);
  expect(rest).toMatchObject({ code: 0 });
  const { rows: left } = await worker.home.guard.database.pool.pg.query('select count(*)::int as n from sessions');
  expect(left).toEqual([{ n: 0 }]);
});
