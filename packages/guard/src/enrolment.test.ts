import {
  allSessions,
  aStart,
  aTurn,
  begin,
  confirmed,
  lockedBy,
  OPUS,
  openTestGuard,
  readMetric,
  SONNET,
  shown,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const LEGACY = { guarded: false } as const;

describe.each(['pessimistic', 'optimistic'])('a task that becomes guarded, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  const live = async (taskId: Parameters<typeof aStart>[0]) =>
    (await allSessions(scene.guard, taskId)).filter(({ deletedAt }) => deletedAt === null);

  test('has sessions beside each other before that, counted as unguarded starts', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const before = await readMetric(guard, 'phaselock_unguarded_starts_total');
    for (let time = 0; time < 3; time += 1) {
      expect(await guard.start(aStart(taskId, SONNET, LEGACY))).toMatchObject({
        kind: 'created-beside',
        session: { generation: 0 },
      });
    }
    expect(await live(taskId)).toHaveLength(3);
    expect(await readMetric(guard, 'phaselock_unguarded_starts_total')).toBe(before + 3);
    const newest = (await live(taskId))[0];
    expect(await guard.latest(aStart(taskId))).toMatchObject({ id: newest?.id, guarded: false });
  });

  test('adopts the newest session for the same model and collapses older ones in one transaction', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const old = [await begin(guard, aStart(taskId, OPUS, LEGACY)), await begin(guard, aStart(taskId, SONNET, LEGACY))];
    const newest = await begin(guard, aStart(taskId, SONNET, LEGACY));
    const collapsed = await readMetric(guard, 'phaselock_legacy_sessions_collapsed_total');

    expect(await guard.start(aStart(taskId, SONNET))).toMatchObject({ kind: 'existing', session: { id: newest.id } });
    expect(await live(taskId)).toMatchObject([{ id: newest.id, guarded: true, generation: 0 }]);
    for (const { id } of old) {
      expect(await guard.session(id)).toMatchObject({ deletedReason: 'collapsed', replacedBy: newest.id });
      expect(await guard.events(id)).toMatchObject([
        { type: 'created-beside' },
        { type: 'deleted', reason: 'collapsed' },
      ]);
    }
    expect(await guard.events(newest.id)).toMatchObject([{ type: 'created-beside' }, { type: 'adopted' }]);
    expect(await readMetric(guard, 'phaselock_legacy_sessions_collapsed_total')).toBe(collapsed + 2);
    const { rows } = await guard.database.pool.pg.query(
      'select count(distinct xmin::text)::int as transactions from sessions where task_id = $1',
      [taskId],
    );
    expect(rows).toEqual([{ transactions: 1 }]);
  });

  test('treats the adopted session like any other: found by the same model, replaced by another', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const adopted = await begin(guard, aStart(taskId, SONNET, LEGACY));
    await guard.start(aStart(taskId));
    expect(await guard.start(aStart(taskId))).toMatchObject({ kind: 'existing', session: { id: adopted.id } });
    expect(await guard.start(aStart(taskId, OPUS, confirmed(shown(adopted))))).toMatchObject({
      kind: 'replaced',
      session: { generation: 1 },
      predecessor: shown(adopted),
    });
  });

  test('asks about another model; a confirmation replaces the newest session, collapses older ones', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const older = await begin(guard, aStart(taskId, SONNET, LEGACY));
    const newest = await begin(guard, aStart(taskId, SONNET, LEGACY));
    const collapsed = await readMetric(guard, 'phaselock_legacy_sessions_collapsed_total');
    expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({ kind: 'ask', shown: shown(newest) });
    expect(await live(taskId)).toHaveLength(2);

    const replaced = await guard.start(aStart(taskId, OPUS, confirmed(shown(newest))));
    expect(replaced).toMatchObject({ kind: 'replaced', session: { generation: 1 }, predecessor: shown(newest) });
    if (replaced.kind !== 'replaced') return;
    const { id } = replaced.session;
    expect(await live(taskId)).toMatchObject([{ id, predecessorId: newest.id }]);
    expect(await guard.session(newest.id)).toMatchObject({ deletedReason: 'model-changed', replacedBy: id });
    expect(await guard.session(older.id)).toMatchObject({ deletedReason: 'collapsed', replacedBy: id });
    expect(await readMetric(guard, 'phaselock_legacy_sessions_collapsed_total')).toBe(collapsed + 1);
  });

  test('refuses a confirmation that names an older duplicate', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const older = await begin(guard, aStart(taskId, SONNET, LEGACY));
    const newest = await begin(guard, aStart(taskId, SONNET, LEGACY));
    expect(await guard.start(aStart(taskId, OPUS, confirmed(shown(older))))).toMatchObject({
      code: 'session_moved_on',
      shown: shown(newest),
    });
  });

  test('lets unguarded callers create sessions beside; the guarded session stays the latest', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const guarded = await begin(guard, aStart(taskId));
    const beside = await begin(guard, aStart(taskId, OPUS, LEGACY));
    expect(await live(taskId)).toHaveLength(2);
    expect(await guard.latest(aStart(taskId))).toMatchObject({ id: guarded.id });
    expect(await guard.start(aStart(taskId))).toMatchObject({ kind: 'existing', session: { id: guarded.id } });
    expect(await guard.session(beside.id)).toMatchObject({ guarded: false, deletedAt: null });
  });

  test('adopts once for two concurrent first guarded starts on two servers', async () => {
    const { guard, world, another } = scene;
    const elsewhere = await another();
    const taskId = await world.task();
    const legacy = await begin(guard, aStart(taskId, SONNET, LEGACY));
    for (const outcome of await Promise.all([guard.start(aStart(taskId)), elsewhere.start(aStart(taskId))])) {
      expect(outcome).toMatchObject({ kind: 'existing', session: { id: legacy.id } });
    }
    expect((await guard.events(legacy.id)).filter(({ type }) => type === 'adopted')).toHaveLength(1);
  });

  test('makes the successor of a replaced legacy session wait for its running agent', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const legacy = await begin(guard, aStart(taskId, SONNET, LEGACY));
    const running = startedOf(await guard.startTurn(aTurn(legacy, attemptId)));
    const successor = await guard.start(aStart(taskId, OPUS, confirmed(shown(legacy))));
    if (successor.kind !== 'replaced') throw new Error(successor.kind);
    const turn = aTurn(successor.session, attemptId);
    expect(await guard.startTurn(turn)).toMatchObject({ kind: 'refused', code: 'predecessor_stopping' });
    expect(await guard.heartbeat(tokenOf(running))).toMatchObject({ kind: 'stop', replacedBy: successor.session.id });
    await guard.finishTurn({ ...tokenOf(running), ending: 'killed' });
    expect(await guard.startTurn(turn)).toMatchObject({ kind: 'started' });
  });
});

const OUTSIDE = { guarded: 'if-task-is' } as const;

describe.each(['pessimistic', 'optimistic'])('a caller outside the rollout, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  const live = async (taskId: Parameters<typeof aStart>[0]) =>
    (await allSessions(scene.guard, taskId)).filter(({ deletedAt }) => deletedAt === null);
  const crossed = () => readMetric(scene.guard, 'phaselock_rollout_crossed_starts_total');

  test('creates sessions beside others while the task has never been guarded', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const before = await crossed();
    for (let time = 0; time < 2; time += 1)
      expect(await guard.start(aStart(taskId, SONNET, OUTSIDE))).toMatchObject({ kind: 'created-beside' });
    expect(await live(taskId)).toHaveLength(2);
    expect(await crossed()).toBe(before);
  });

  test('is guarded once its task was guarded, in every phase, also after the session was deleted', async () => {
    const { guard, world, another } = scene;
    const taskId = await world.task();
    const session = await begin(guard, aStart(taskId));
    // A server without any cached state of the task.
    const elsewhere = await another();
    expect(await elsewhere.start(aStart(taskId, SONNET, OUTSIDE))).toMatchObject({ kind: 'existing' });
    expect(await elsewhere.start(aStart(taskId, OPUS, OUTSIDE))).toMatchObject({ kind: 'ask' });
    await guard.softDelete({ sessionId: session.id });
    const fresh = await another();
    expect(await fresh.start(aStart(taskId, OPUS, OUTSIDE))).toMatchObject({
      kind: 'created',
      session: { generation: 2 },
    });
    expect(await fresh.start({ ...aStart(taskId, OPUS, OUTSIDE), phase: 'verify' })).toMatchObject({ kind: 'created' });
    expect(await live(taskId)).toHaveLength(2);
  });

  test('creates a session beside a guarded one when the rule is switched off', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    await begin(guard, aStart(taskId));
    expect(await guard.start(aStart(taskId, SONNET, LEGACY))).toMatchObject({ kind: 'created-beside' });
  });

  test('is guarded if it decided before the first guarded start but writes after it', async () => {
    const { guard, world, another } = scene;
    const taskId = await world.task();
    const decided = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const slow = await another({
      racepoint: async (name) => {
        if (name !== 'start:decided') return;
        decided.resolve();
        await goOn.promise;
      },
    });
    const before = await readMetric(slow, 'phaselock_rollout_crossed_starts_total');
    const late = slow.start(aStart(taskId, SONNET, OUTSIDE));
    await decided.promise;
    const first = await begin(guard, aStart(taskId));
    goOn.resolve();
    expect(await late).toMatchObject({ kind: 'existing', session: { id: first.id } });
    expect(await readMetric(slow, 'phaselock_rollout_crossed_starts_total')).toBe(before + 1);
    expect(await live(taskId)).toHaveLength(1);
  });

  test('leaves one live session when it starts concurrently with the first guarded start', async () => {
    const { guard, world, another } = scene;
    const elsewhere = await another();
    for (let round = 0; round < 25; round += 1) {
      const taskId = await world.task();
      const inside = () => guard.start(aStart(taskId));
      const outside = () => elsewhere.start(aStart(taskId, SONNET, OUTSIDE));
      await Promise.all(round % 2 === 0 ? [inside(), outside()] : [outside(), inside()]);
      expect(await live(taskId)).toHaveLength(1);
    }
  });

  test('is resolved for each item of a bulk start', async () => {
    const { guard, world, another } = scene;
    const [free, guarded] = [await world.task(), await world.task()];
    await begin(guard, aStart(guarded));
    const elsewhere = await another();
    const before = await readMetric(elsewhere, 'phaselock_rollout_crossed_starts_total');
    const outcomes = await elsewhere.bulkStart([aStart(free, SONNET, OUTSIDE), aStart(guarded, SONNET, OUTSIDE)]);
    expect(outcomes).toMatchObject([{ kind: 'created-beside' }, { kind: 'existing' }]);
    expect(await readMetric(elsewhere, 'phaselock_rollout_crossed_starts_total')).toBe(before + 1);
  });
});
