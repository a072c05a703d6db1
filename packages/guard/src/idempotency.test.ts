import {
  allSessions,
  aStart,
  begin,
  confirmed,
  eventually,
  lockedBy,
  OPUS,
  openTestGuard,
  readMetric,
  SONNET,
  shown,
  stopAt,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { IdempotencyKey } from './idempotency.ts';

let keys = 0;
const newKey = (more: Partial<IdempotencyKey> = {}): { idempotencyKey: IdempotencyKey } => {
  keys += 1;
  return { idempotencyKey: { scope: 'ada', key: `key ${keys}`, fingerprint: 'start', ...more } };
};

describe.each(['pessimistic', 'optimistic', 'redis'])('an idempotency key, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test.each([
    ['a first session', {}],
    ['a session beside', { guarded: false }],
  ])('used twice for %s gives the same answer and has one effect', async (_, more) => {
    const { guard, world, another } = scene;
    const request = aStart(await world.task(), SONNET, { ...newKey(), ...more });
    const first = await guard.start(request);
    const replays = await readMetric(guard, 'phaselock_idempotent_replays_total');
    expect(await guard.start(request)).toEqual(first);
    expect(await (await another()).start(request)).toEqual(first);
    expect(await allSessions(guard, request.taskId)).toHaveLength(1);
    expect(await readMetric(guard, 'phaselock_idempotent_replays_total')).toBe(replays + 1);
  });

  test('used twice for a replacement gives the same answer, even after another one and a purge', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    const request = aStart(taskId, OPUS, { ...confirmed(shown(first)), ...newKey() });
    const replaced = await guard.start(request);
    if (replaced.kind !== 'replaced') throw new Error(replaced.kind);
    expect(await guard.start(request)).toEqual(replaced);
    await guard.start(aStart(taskId, SONNET, confirmed(shown(replaced.session))));
    expect(await guard.start(request)).toEqual(replaced);
    expect(await allSessions(guard, taskId)).toHaveLength(3);
    // Simulates the purge, which deletes the session and keeps its events.
    await guard.database.pool.pg.query(
      `begin; set local session_replication_role = replica; delete from sessions where id = '${replaced.predecessor.sessionId}'; commit`,
    );
    expect(await guard.start(request)).toEqual(replaced);
  });

  test('used for another request is refused', async () => {
    const { guard, world } = scene;
    const key = newKey();
    const request = aStart(await world.task(), SONNET, key);
    await guard.start(request);
    const reused = { ...request, idempotencyKey: { ...key.idempotencyKey, fingerprint: 'something else' } };
    await expect(guard.start(reused)).rejects.toMatchObject({ code: 'idempotency_key_reused', status: 422 });
  });

  test('of one caller is independent of the same key of another caller', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const { idempotencyKey } = newKey();
    await guard.start(aStart(taskId, SONNET, { idempotencyKey }));
    const bobs = { idempotencyKey: { ...idempotencyKey, scope: 'bob', fingerprint: 'something else' } };
    expect(await guard.start(aStart(taskId, SONNET, bobs))).toMatchObject({ kind: 'existing' });
  });

  test('is not stored for a question, so the confirmation may use it', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    const key = newKey();
    expect(await guard.start(aStart(taskId, OPUS, key))).toMatchObject({ kind: 'ask' });
    expect(await guard.start(aStart(taskId, OPUS, { ...key, ...confirmed(shown(first)) }))).toMatchObject({
      kind: 'replaced',
    });
  });

  test('can be used again after it has expired, swept or not', async () => {
    const { guard, world } = scene;
    const key = newKey();
    await guard.start(aStart(await world.task(), SONNET, key));
    await guard.database.pool.pg.query(
      "update idempotency_keys set expires_at = clock_timestamp() - interval '1 s' where key = $1",
      [key.idempotencyKey.key],
    );
    const again = aStart(await world.task(), SONNET, {
      idempotencyKey: { ...key.idempotencyKey, fingerprint: 'something else' },
    });
    const second = await guard.start(again);
    expect(second).toMatchObject({ kind: 'created' });
    expect(await guard.start(again)).toEqual(second);
  });

  test.each([
    ['guarded', true],
    ['not guarded', false],
  ])('used by 20 concurrent starts on two servers, %s, gives one session and one answer', async (_, guarded) => {
    const { guard, world, another } = scene;
    const elsewhere = await another();
    const request = aStart(await world.task(), SONNET, { ...newKey(), guarded });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? guard : elsewhere).start(request)),
    );
    for (const outcome of outcomes) expect(outcome).toEqual(outcomes[0]);
    expect(await allSessions(guard, request.taskId)).toHaveLength(1);
  });

  test('used by two concurrent starts gives both the answer of the first', async () => {
    const { guard, world, another } = scene;
    const stop = stopAt();
    const elsewhere = await another({ racepoint: stop.racepoint });
    const request = aStart(await world.task(), SONNET, newKey());
    // The second start has read the empty slot when the first start creates the session.
    const { reached, goOn } = stop.arm('start:decided');
    const second = elsewhere.start(request);
    await reached;
    const done = await guard.start(request);
    goOn();
    expect(done).toMatchObject({ kind: 'created' });
    expect(await second).toEqual(done);
  });

  test('is written in the transaction of its effect', async () => {
    const { guard, world } = scene;
    const { database } = guard;
    const key = newKey();
    const request = aStart(await world.task(), SONNET, key);
    await guard.start(request);
    const { rows } = await database.pool.pg.query(
      `select s.xmin = k.xmin as together from idempotency_keys k
       join sessions s on s.id = (k.response ->> 'session_id')::uuid where k.key = $1`,
      [key.idempotencyKey.key],
    );
    expect(rows).toEqual([{ together: true }]);
  });
});

test('the sweep deletes expired keys and no others', async () => {
  await using scene = await openTestGuard();
  const { guard, world } = scene;
  const { sweepIdempotencyKeys } = await import('@phaselock/store');
  const [old, young] = [newKey(), newKey()];
  for (const key of [old, young]) await guard.start(aStart(await world.task(), SONNET, key));
  const { pg } = guard.database.pool;
  await pg.query('update idempotency_keys set expires_at = clock_timestamp() where key = $1', [old.idempotencyKey.key]);
  await sweepIdempotencyKeys(guard.database);
  await eventually(async () => {
    const { rows } = await pg.query('select key from idempotency_keys');
    expect(rows).toEqual([{ key: young.idempotencyKey.key }]);
  });
});
