import { parseTaskId } from '@phaselock/core';
import {
  allSessions,
  aStart,
  begin,
  confirmed,
  holdSlot,
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

const NOBODYS_TASK = parseTaskId('00000000-0000-7000-8000-000000000000');

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard(lockedBy('optimistic'));
});
afterAll(() => scene[Symbol.asyncDispose]());

const tasks = (many: number) => Promise.all(Array.from({ length: many }, () => scene.world.task()));

describe('a bulk start', () => {
  test('returns the outcomes of 1000 items in the order of the items', async () => {
    const { guard } = scene;
    const taskIds = (await tasks(1_000)).toReversed();
    const outcomes = await guard.bulkStart(taskIds.map((taskId) => aStart(taskId)));
    expect(outcomes.map((outcome) => 'session' in outcome && outcome.session.slot.taskId)).toEqual(taskIds);
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['created']));
    const again = await guard.bulkStart(taskIds.map((taskId) => aStart(taskId)));
    expect(new Set(again.map(({ kind }) => kind))).toEqual(new Set(['existing']));
    expect(await readMetric(guard, 'phaselock_bulk_items_total', { operation: 'start' })).toBe(2_000);
  });

  test('returns each outcome: created, existing, ask, replaced, refused, beside, adopted, failed', async () => {
    const { guard } = scene;
    if (NOBODYS_TASK === undefined) throw new Error('not a task id');
    const [fresh, same, asked, replaced, moved, missing, beside, legacy, unstorable] = await tasks(9);
    if (!fresh || !same || !asked || !replaced || !moved || !missing || !beside || !legacy || !unstorable) return;
    const [, , , toReplace, toMove] = [
      null,
      await begin(guard, aStart(same)),
      await begin(guard, aStart(asked)),
      await begin(guard, aStart(replaced)),
      await begin(guard, aStart(moved)),
    ];
    const adopted = await begin(guard, aStart(legacy, SONNET, { guarded: false }));
    if (!toReplace || !toMove) return;
    const outcomes = await guard.bulkStart([
      aStart(fresh),
      aStart(same),
      aStart(asked, OPUS),
      aStart(replaced, OPUS, confirmed(shown(toReplace))),
      aStart(moved, OPUS, confirmed({ ...shown(toMove), sessionId: toReplace.id })),
      aStart(missing, 'nobodys-model'),
      aStart(beside, SONNET, { guarded: false }),
      aStart(legacy),
      aStart(NOBODYS_TASK),
      aStart(unstorable, SONNET, { actor: 'a\0b' }),
    ]);
    expect(outcomes).toMatchObject([
      { kind: 'created', session: { generation: 1 } },
      { kind: 'existing' },
      { kind: 'ask', question: 'replace' },
      { kind: 'replaced', session: { generation: 2 }, predecessor: shown(toReplace) },
      { kind: 'refused', code: 'session_moved_on' },
      { kind: 'refused', code: 'model_missing' },
      { kind: 'created-beside', session: { generation: 0 } },
      { kind: 'existing', session: { id: adopted.id } },
      { kind: 'failed', code: 'task_not_found' },
      { kind: 'failed', code: 'invalid_request' },
    ]);
    expect(await guard.session(toReplace.id)).toMatchObject({ deletedReason: 'model-changed' });
    expect(await guard.session(adopted.id)).toMatchObject({ guarded: true });
  });

  test('writes the other items in one transaction when one item names an unknown task', async () => {
    const { guard } = scene;
    if (NOBODYS_TASK === undefined) throw new Error('not a task id');
    const [first, second] = await tasks(2);
    if (!first || !second) return;
    const outcomes = await guard.bulkStart([aStart(first), aStart(NOBODYS_TASK), aStart(second)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['created', 'failed', 'created']);
    const { rows } = await guard.database.pool.pg.query(
      'select count(distinct xmin::text)::int as transactions from sessions where task_id = any ($1)',
      [[first, second]],
    );
    expect(rows).toEqual([{ transactions: 1 }]);
  });

  test('fails only the item with an unknown task, also when a project refuses unlisted models', async () => {
    const { guard, world } = scene;
    const strict = await guard.addProject('strict');
    await guard.editProject(strict, { unlistedModels: 'refused' });
    if (NOBODYS_TASK === undefined) throw new Error('not a task id');
    expect(
      await guard.bulkStart([aStart(await world.task()), aStart(NOBODYS_TASK, 'claude-sonnet-9-9')]),
    ).toMatchObject([{ kind: 'created' }, { kind: 'failed', code: 'task_not_found' }]);
  });

  test('decides an item again, on its own, when its slot has changed', async () => {
    const stop = stopAt();
    const held = await scene.another({ racepoint: stop.racepoint });
    const [moved, other] = await tasks(2);
    if (!moved || !other) return;
    const { reached, goOn } = stop.arm('bulk:decided');
    const bulk = held.bulkStart([aStart(moved, OPUS), aStart(other)]);
    await reached;
    const first = await begin(scene.guard, aStart(moved));
    goOn();
    expect(await bulk).toMatchObject([{ kind: 'ask', shown: shown(first) }, { kind: 'created' }]);
  });

  test('refuses the whole call for a repeated slot or too many items', async () => {
    const { guard } = scene;
    const [taskId] = await tasks(1);
    if (!taskId) return;
    await expect(guard.bulkStart([aStart(taskId), aStart(taskId, OPUS)])).rejects.toMatchObject({
      code: 'invalid_request',
    });
    const limited = await scene.another({ settings: { bulkLimit: 1 } });
    await expect(limited.bulkStart([aStart(taskId), aStart(taskId, SONNET, { phase: 'plan' })])).rejects.toMatchObject({
      code: 'invalid_request',
    });
    expect(await allSessions(guard, taskId)).toEqual([]);
    expect(await guard.bulkStart([])).toEqual([]);
  });

  test('fails only the item whose slot stays locked until the deadline', async () => {
    const { guard } = scene;
    const server = await scene.another({ settings: { deadlineMs: 600 } });
    const [held, free] = await tasks(2);
    if (!held || !free) return;
    const first = await begin(guard, aStart(held));
    await using holder = await holdSlot(scene.databaseUrl, aStart(held));
    expect(await server.bulkStart([aStart(held, OPUS, confirmed(shown(first))), aStart(free)])).toMatchObject([
      { kind: 'failed', code: 'session_being_modified' },
      { kind: 'created' },
    ]);
    await holder.letGo();
    expect(await guard.latest(aStart(held))).toMatchObject({ id: first.id });
  });

  test('does not deadlock with opposite item orders, several servers and concurrent single starts', async () => {
    const { guard } = scene;
    const taskIds = await tasks(40);
    const elsewhere = await scene.another(lockedBy('pessimistic'));
    const models = [SONNET, OPUS];
    await guard.bulkStart(taskIds.map((taskId) => aStart(taskId)));
    const rounds = Array.from({ length: 8 }, async (_, round) => {
      const server = round % 2 === 0 ? guard : elsewhere;
      const shownNow = new Map((await server.latestMany(taskIds)).map((session) => [session.slot.taskId, session]));
      const requests = taskIds.map((taskId) => {
        const seen = shownNow.get(taskId);
        const say = seen && confirmed({ sessionId: seen.id, generation: seen.generation });
        return aStart(taskId, models[round % 2] ?? SONNET, say);
      });
      const ordered = round % 3 === 0 ? requests : requests.toReversed();
      const [single] = requests;
      return await Promise.all([server.bulkStart(ordered), single && server.start(single)]);
    });
    for (const [outcomes] of await Promise.all(rounds)) {
      expect(outcomes.filter(({ kind }) => kind === 'failed')).toEqual([]);
    }
    const { rows } = await guard.database.pool.pg.query(
      'select deadlocks::int from pg_stat_database where datname = current_database()',
    );
    expect(rows).toEqual([{ deadlocks: 0 }]);
    expect(await guard.latestMany(taskIds)).toHaveLength(40);
  });
});

describe('a bulk deletion', () => {
  test('deletes existing sessions once and frees their slots', async () => {
    const { guard } = scene;
    const taskIds = await tasks(100);
    await guard.bulkStart(taskIds.map((taskId) => aStart(taskId)));
    const ids = (await guard.latestMany(taskIds)).map(({ id }) => id);
    const [first] = ids;
    if (!first) return;
    await guard.softDelete({ sessionId: first });
    const gone = await guard.bulkDelete([...ids, ...ids], 'ada');
    expect(gone.toSorted()).toEqual(ids.slice(1).toSorted());
    expect(await guard.bulkDelete(ids)).toEqual([]);
    expect(await guard.latestMany(taskIds)).toEqual([]);
    const again = await guard.bulkStart(taskIds.map((taskId) => aStart(taskId)));
    for (const outcome of again) expect(outcome).toMatchObject({ kind: 'created', session: { generation: 2 } });
  });

  test('of unguarded sessions in opposite orders does not deadlock and frees the slot at once', async () => {
    const { guard } = scene;
    const [taskId] = await tasks(1);
    if (!taskId) return;
    // The slot has a version because it was used before; a session outside the guard does not change that version.
    await guard.softDelete({ sessionId: (await begin(guard, aStart(taskId))).id });
    const ids = [];
    for (let count = 0; count < 50; count += 1) {
      ids.push((await begin(guard, aStart(taskId, OPUS, { guarded: false }))).id);
    }
    expect(await guard.start(aStart(taskId))).toMatchObject({ kind: 'ask' });
    const both = await Promise.all([guard.bulkDelete(ids), guard.bulkDelete(ids.toReversed())]);
    expect(both.flat().toSorted()).toEqual(ids.toSorted());
    expect(await guard.start(aStart(taskId))).toMatchObject({ kind: 'created' });
  });
});
