import { readChanges } from '@phaselock/contract';
import { eventually } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NEVER_MS, openTwoProcesses, prefixOf, type TwoProcesses } from '../../test/access/open-two-processes.ts';
import { type Issuer, startIssuer } from '../../test/access/start-issuer.ts';
import { field } from '../../test/fields.ts';

let issuer: Issuer;
let two: TwoProcesses;
beforeAll(async () => {
  issuer = await startIssuer();
  two = await openTwoProcesses({
    PHASELOCK_OIDC_ISSUER: issuer.url,
    PHASELOCK_OIDC_AUDIENCE: issuer.audience,
    PHASELOCK_OIDC_ALL_PROJECTS: 'on',
  });
});
afterAll(async () => {
  await two[Symbol.asyncDispose]();
  issuer[Symbol.dispose]();
});

/**
 * The text a stream sends before its first change. Reading exactly this to the end shows that the stream ended without
 * an error or a change.
 */
const NO_CHANGES = 'retry: 1000\n\n';

describe('an open stream ends without an error when its key', () => {
  test.each([
    ['is revoked', "update api_keys set revoked_at = now() where prefix = '$key'", 401],
    ['is deleted', "delete from api_keys where prefix = '$key'", 401],
    ['loses the scope', "update api_keys set scopes = '{sessions:write}' where prefix = '$key'", 403],
    ['gets another project', "update api_keys set project_id = '$project' where prefix = '$key'", 404],
    ['gets another secret', "update api_keys set secret_sha256 = sha256('x') where prefix = '$key'", 401],
  ])('%s in the database, and the next request gets the status of the changed key', async (_what, change, status) => {
    const { projectId } = two.other.world;
    const elsewhere = await two.other.api.guard.addProject('elsewhere');
    const key = await two.other.keyFor(['sessions:read'], projectId);
    const paths = [await two.changes(), `/v1/projects/${projectId}/changes`];
    const streams = await Promise.all(paths.map((path) => two.follow(path, key)));
    expect(streams.map((stream) => stream.status)).toEqual([200, 200]);
    await two.query(change.replace('$key', prefixOf(key)).replace('$project', elsewhere));
    for (const stream of streams) await expect(stream.text()).resolves.toBe(NO_CHANGES);
    for (const path of paths) expect((await two.follow(path, key)).status).toBe(status);
  });

  test('for all projects is bound to one project', async () => {
    const key = await two.other.keyFor(['sessions:read']);
    const stream = await two.follow(await two.changes(), key);
    const { projectId } = two.other.world;
    await two.query(`update api_keys set project_id = '${projectId}' where prefix = '${prefixOf(key)}'`);
    await expect(stream.text()).resolves.toBe(NO_CHANGES);
  });

  test('is revoked through another process', async () => {
    const key = await two.other.keyFor(['sessions:read']);
    const path = await two.changes();
    const stream = await two.follow(path, key);
    await two.revoke(key, two.other.api);
    await expect(stream.text()).resolves.toBe(NO_CHANGES);
    expect((await two.follow(path, key)).status).toBe(401);
  });

  test('is revoked through the same process, without waiting for the next periodic check', async () => {
    await using patient = await two.openMore(NEVER_MS);
    const key = await two.other.keyFor(['sessions:read']);
    const path = await two.changes();
    const stream = await two.follow(path, key, patient);
    await two.revoke(key, patient);
    await expect(stream.text()).resolves.toBe(NO_CHANGES);
    expect((await two.follow(path, key, patient)).status).toBe(401);
  });

  test('was revoked elsewhere but is still cached, because a new stream looks its key up again', async () => {
    await using patient = await two.openMore(NEVER_MS);
    const key = await two.other.keyFor(['sessions:read']);
    const path = await two.changes();
    expect((await two.follow('/v1/sessions', key, patient)).status).toBe(200);
    await two.query(`update api_keys set revoked_at = now() where prefix = '${prefixOf(key)}'`);
    // Admitted from the cache, or refused if the cache entry has expired by now.
    await (await two.follow(path, key, patient)).text();
    expect((await two.follow(path, key, patient)).status).toBe(401);
  });
});

test('a stream of a token ends when its exp has passed, with the same clock tolerance as a request', async () => {
  const path = await two.changes();
  const token = await issuer.tokenUntil(Math.floor(Date.now() / 1_000));
  const stream = await two.follow(path, token);
  expect(stream.status).toBe(200);
  await expect(stream.text()).resolves.toBe(NO_CHANGES);
  expect((await two.follow(path, token)).status).toBe(401);
});

test('a stream of a valid key goes on while the key is checked, and while these checks fail', async () => {
  await two.query(`
    create table lookups_fail (yes boolean);
    create sequence lookups;
    create function looked_up() returns boolean language plpgsql as $$
      begin
        perform nextval('lookups');
        if exists (select from lookups_fail) then raise exception 'away'; end if;
        return true;
      end $$;`);
  const lookups = async () => Number(field((await two.query('select last_value from lookups')).rows[0], 'last_value'));
  const severalMore = async (): Promise<void> => {
    const before = await lookups();
    await eventually(async () => expect(await lookups()).toBeGreaterThan(before + 3));
  };
  const key = await two.other.keyFor(['sessions:read']);
  const taskId = await two.other.world.task();
  const stream = await two.follow(`/v1/tasks/${taskId}/changes`, key);
  await two.query(
    'alter table api_keys rename to stored_keys; create view api_keys as select * from stored_keys where looked_up()',
  );
  try {
    await severalMore();
    await two.query('insert into lookups_fail values (true)');
    await severalMore();
    await two.query('delete from lookups_fail');
    await severalMore();
  } finally {
    await two.query('drop view api_keys; alter table stored_keys rename to api_keys');
  }
  await two.begin(taskId);
  for await (const { change } of readChanges(stream)) {
    expect(change).toMatchObject({ taskId, type: 'created' });
    break;
  }
});
