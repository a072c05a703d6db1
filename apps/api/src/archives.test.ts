import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { holdLock, SONNET, temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archiveNow } from '../test/archive-now.ts';
import { field, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let folder: string;
let api: TestApi;
beforeAll(async () => {
  directory = await temporaryDirectory();
  folder = join(directory.path, 'archive');
  api = await openTestApi({ PHASELOCK_ARCHIVE_URL: `folder:${folder}` });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

const database = () => api.api.guard.database;
const query = (sql: string) => database().pool.pg.query(sql);

async function anArchived(purgeAfterSeconds = 0) {
  const taskId = await api.world.task();
  const model = { agent: 'claude-code', model: SONNET };
  const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model } });
  const sessionId = textField(started.body, 'session.id');
  await api.call('DELETE', `/v1/sessions/${sessionId}`);
  await archiveNow(database(), folder, purgeAfterSeconds);
  const file = (await readdir(folder, { recursive: true })).find((name) => name.includes(sessionId));
  return { taskId, sessionId, object: join(folder, file ?? '') };
}

const get = (sessionId: string, key?: string) =>
  api.call('GET', `/v1/archives/${sessionId}`, key === undefined ? {} : { key });
const readsOf = async (sessionId: string) =>
  (await query(`select actor, request_id from archive_reads where session_id = '${sessionId}'`)).rows;

describe('the archive of a session', () => {
  test('is returned completely after the session was purged, and the read is recorded', async () => {
    const { sessionId, taskId } = await anArchived();
    expect((await api.call('GET', `/v1/sessions/${sessionId}`)).status).toBe(404);
    const { status, headers, text } = await get(sessionId);
    expect(status).toBe(200);
    expect(headers.get('content-disposition')).toBe(`attachment; filename="session-${sessionId}.json"`);
    expect(JSON.parse(text)).toMatchObject({
      format: 'phaselock-session-archive',
      schemaVersion: 1,
      session: { id: sessionId, taskId, deletedReason: 'deleted' },
      logs: [],
    });
    expect(await readsOf(sessionId)).toEqual([{ actor: 'a test', request_id: headers.get('x-request-id') }]);
  });

  test('is listed for its task without its place in the store', async () => {
    const { sessionId, taskId } = await anArchived();
    const { body } = await api.call('GET', `/v1/tasks/${taskId}/archives`);
    expect(body).toMatchObject({
      items: [{ sessionId, taskId, processes: 0, held: false, removedAt: null, purgedAt: expect.any(String) }],
      next: null,
    });
    expect(JSON.stringify(body)).not.toContain('sessions/');
    const elsewhere = await api.world.task();
    expect((await api.call('GET', `/v1/tasks/${elsewhere}/archives`)).body).toEqual({ items: [], next: null });
  });

  test('needs a key with archive:read that is valid for its project', async () => {
    const { sessionId, taskId } = await anArchived();
    const strangers = await api.api.guard.addProject('another project');
    const mine = await api.keyFor(['archive:read'], api.world.projectId);
    const theirs = await api.keyFor(['archive:read'], strangers);
    const another = await api.keyFor(['sessions:read', 'sessions:write', 'sessions:replace'], api.world.projectId);
    expect((await get(sessionId, mine)).status).toBe(200);
    expect((await get(sessionId, theirs)).body).toMatchObject({ code: 'session_not_found' });
    expect((await get(sessionId, another)).body).toMatchObject({ code: 'forbidden' });
    const list = (key: string) => api.call('GET', `/v1/tasks/${taskId}/archives`, { key });
    expect((await list(mine)).status).toBe(200);
    expect((await list(theirs)).body).toMatchObject({ code: 'task_not_found' });
    expect((await list(another)).body).toMatchObject({ code: 'forbidden' });
  });

  test('is not returned when the read cannot be recorded', async () => {
    const { sessionId } = await anArchived();
    await query('alter table archive_reads rename to archive_reads_gone');
    try {
      const { status, text } = await get(sessionId);
      expect(status).toBe(500);
      expect(text).not.toContain('phaselock-session-archive');
    } finally {
      await query('alter table archive_reads_gone rename to archive_reads');
    }
    expect(await readsOf(sessionId)).toEqual([]);
    expect((await get(sessionId)).status).toBe(200);
    await expect(query(`delete from archive_reads where session_id = '${sessionId}'`)).rejects.toThrow(/append-only/);
  });

  test.each([0, 9, 30, -1])('is refused as archive_damaged when a bit of byte %i is flipped', async (at) => {
    const { sessionId, object } = await anArchived();
    const bytes = await readFile(object);
    const nth = at < 0 ? bytes.length + at : at;
    bytes[nth] = (bytes[nth] ?? 0) ^ 4;
    await writeFile(object, bytes);
    const { status, body } = await get(sessionId);
    expect(status).toBe(500);
    expect(body).toMatchObject({ code: 'archive_damaged' });
  });

  test('is archive_damaged when its object is missing, and archive_unavailable when the store is missing', async () => {
    const { sessionId, object } = await anArchived();
    await rename(folder, `${folder}-away`);
    expect((await get(sessionId)).body).toMatchObject({ code: 'archive_unavailable' });
    expect(existsSync(folder)).toBe(false);
    // An empty folder in place of the unmounted store is a different store, so a missing object does not mean damage.
    await mkdir(folder);
    expect((await get(sessionId)).body).toMatchObject({ code: 'archive_unavailable' });
    expect(await readdir(folder)).toEqual([]);
    await rm(folder, { recursive: true });
    await rename(`${folder}-away`, folder);
    await rm(object);
    expect((await get(sessionId)).body).toMatchObject({ code: 'archive_damaged' });
  });

  describe('with a deadline of one second', () => {
    let hurried: TestApi;
    beforeAll(async () => {
      const env = { PHASELOCK_ARCHIVE_URL: `folder:${folder}`, PHASELOCK_DEADLINE_MS: '1000' };
      hurried = await openTestApi(env, api.databaseUrl);
    });
    afterAll(() => hurried[Symbol.asyncDispose]());
    const getHurried = (sessionId: string) => hurried.call('GET', `/v1/archives/${sessionId}`);

    test('is archive_unavailable, not archive_damaged, while the store cannot be identified', async () => {
      const { sessionId, object } = await anArchived();
      await rm(object);
      {
        await using _holder = await holdLock(api.databaseUrl, 'lock table archive_store in access exclusive mode');
        expect((await getHurried(sessionId)).body).toMatchObject({ code: 'archive_unavailable' });
      }
      expect((await getHurried(sessionId)).body).toMatchObject({ code: 'archive_damaged' });
    });

    test('is archive_unavailable when the store never responds', async () => {
      const { sessionId, object } = await anArchived();
      const aside = `${object}-aside`;
      await rename(object, aside);
      // Opening a named pipe for reading blocks until a writer opens it, like a folder on a file server that hangs.
      await promisify(execFile)('mkfifo', [object]);
      expect((await getHurried(sessionId)).body).toMatchObject({ code: 'archive_unavailable' });
      const writer = await open(object, 'r+');
      await writer.close();
      await rename(aside, object);
      expect((await getHurried(sessionId)).status).toBe(200);
    });

    test('is archive_unavailable when the store stops responding in the middle', async () => {
      const { sessionId, object } = await anArchived();
      const bytes = await readFile(object);
      const aside = `${object}-aside`;
      await rename(object, aside);
      await promisify(execFile)('mkfifo', [object]);
      const writer = await open(object, 'r+');
      await writer.write(bytes.subarray(0, 10));
      expect((await getHurried(sessionId)).body).toMatchObject({ code: 'archive_unavailable' });
      await writer.close();
      await rename(aside, object);
      expect((await getHurried(sessionId)).status).toBe(200);
    });
  });

  test('is not found while its session is live, and is a tombstone after its retention', async () => {
    const { sessionId, taskId } = await anArchived();
    const model = { agent: 'claude-code', model: SONNET };
    const live = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model } });
    expect((await get(textField(live.body, 'session.id'))).body).toMatchObject({ code: 'archive_not_found' });

    await query(`update archives set expires_at = now() where session_id = '${sessionId}'`);
    await archiveNow(database(), folder);
    expect((await get(sessionId)).body).toMatchObject({ code: 'archive_removed' });
    const { body } = await api.call('GET', `/v1/tasks/${taskId}/archives`);
    expect(field(body, 'items.0.removedAt')).toEqual(expect.any(String));
  });

  test('can be read while its session is still in the database', async () => {
    const { sessionId } = await anArchived(3_600);
    expect((await api.call('GET', `/v1/sessions/${sessionId}`)).status).toBe(200);
    expect((await get(sessionId)).status).toBe(200);
  });

  test.each(['x', '../../etc/passwd', '%00', '01936f6e-0000-7000-8000-000000000000'])('%s gets 4xx', async (id) => {
    const { status } = await get(encodeURIComponent(id));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
  });
});

test('an archive with a log of 40 MB is streamed completely', async () => {
  const taskId = await api.world.task();
  const model = { agent: 'claude-code', model: SONNET };
  const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'plan', model } });
  const sessionId = textField(started.body, 'session.id');
  // Random text, so that the archive stays large when it is compressed. Several statements, because each has a
  // statement time-out.
  for (let piece = 0; piece < 8; piece += 1)
    await query(
      `insert into session_logs (session_id, kind, line)
       select '${sessionId}', 'stdout', string_agg(md5(random()::text), '') from generate_series(1, 5) n, generate_series(1, 32000) group by n`,
    );
  await api.call('DELETE', `/v1/sessions/${sessionId}`);
  await archiveNow(database(), folder);
  const { text } = await get(sessionId);
  const logs: unknown = field(JSON.parse(text), 'logs');
  expect(Array.isArray(logs) && logs.length).toBe(40);
  expect(text.length).toBeGreaterThan(40_000_000);
});
