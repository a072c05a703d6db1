import { randomUUID } from 'node:crypto';
import { eventually, openTestGuard, type TestGuard } from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ChangePlace,
  FEW_TASKS,
  formatPlace,
  parsePlace,
  readChanges,
  readChangesOf,
  readChangeTail,
} from './change-feed.ts';
import type { Statement } from './sql.ts';

let context: TestGuard;
let taskId: string;
beforeEach(async () => {
  context = await openTestGuard();
  taskId = await context.world.task();
});
afterEach(() => context[Symbol.asyncDispose]());

const WRITE: Statement = {
  name: 'write_event',
  text: `insert into session_events (task_id, phase, mode, session_id, type, generation, at)
         values ($1, 'run', 'standard', gen_random_uuid(), $2, 1, clock_timestamp())`,
};
const WRITE_OF: Statement = {
  name: 'write_event_of',
  text: `insert into session_events (task_id, phase, mode, session_id, type, generation, at)
         values ($1, 'run', 'standard', $3, $2, 1, clock_timestamp())`,
};
const ADD_TASKS: Statement = {
  name: 'add_tasks',
  text: `insert into tasks (id, project_id, title) select gen_random_uuid(), $1, 'one more' from generate_series(1, $2::int)`,
};
const TAKE_XID: Statement = { name: 'take_xid', text: 'select pg_current_xact_id()::text' };

const typesAfter = async (place: ChangePlace): Promise<string[]> =>
  (await readChanges(context.guard.database, place, 100)).map(({ type }) => type);

/** Polls, because a transaction in any database of the server can delay when events become readable. */
const heard = (place: ChangePlace, types: readonly string[]): Promise<void> =>
  eventually(async () => expect(await typesAfter(place)).toEqual(types));

describe('the change feed', () => {
  test('holds back a later transaction that commits first until the earlier one has ended', async () => {
    const { database } = context.guard;
    const start = await readChangeTail(database);
    const early = database.transaction();
    const late = database.transaction();
    await early.query(WRITE, [taskId, 'early']);
    await late.query(WRITE, [taskId, 'late']);
    await late.commit();
    expect(await typesAfter(start)).toEqual([]);
    await early.commit();
    await heard(start, ['early', 'late']);
  });

  test('returns an event with a lower id that a later transaction commits afterwards', async () => {
    const { database } = context.guard;
    const start = await readChangeTail(database);
    const first = database.transaction();
    const second = database.transaction();
    await first.query(TAKE_XID, []);
    await second.query(WRITE, [taskId, 'second, lower id']);
    await first.query(WRITE, [taskId, 'first, higher id']);
    await first.commit();
    await heard(start, ['first, higher id']);
    const [seen] = await readChanges(database, start, 100);
    await second.commit();
    await heard(seen?.place ?? start, ['second, lower id']);
  });

  test('orders changes of one session by commit, even when the transaction that waited began first', async () => {
    const { database } = context.guard;
    const start = await readChangeTail(database);
    const sessionId = randomUUID();
    const waited = database.transaction();
    const held = database.transaction();
    await waited.query(TAKE_XID, []);
    await held.query(WRITE_OF, [taskId, 'held the session', sessionId]);
    await held.commit();
    await waited.query(WRITE_OF, [taskId, 'waited for it', sessionId]);
    expect(await typesAfter(start)).toEqual([]);
    await waited.commit();
    await heard(start, ['held the session', 'waited for it']);
  });

  test('returns events of transactions that were running when the tail was read', async () => {
    const { database } = context.guard;
    const running = database.transaction();
    await running.query(WRITE, [taskId, 'under way']);
    const tail = await readChangeTail(database);
    await running.commit();
    await heard(tail, ['under way']);
  });

  test('filters by task and by project', async () => {
    const { guard, world } = context;
    const start = await readChangeTail(guard.database);
    const other = await guard.addTask(await guard.addProject('another'), 'elsewhere');
    await guard.database.query(WRITE, [taskId, 'here']);
    await guard.database.query(WRITE, [other, 'elsewhere']);
    await heard(start, ['here', 'elsewhere']);
    const ofProject = await readChangesOf(guard.database, { kind: 'project', projectId: world.projectId }, start, 10);
    expect(ofProject.map(({ type }) => type)).toEqual(['here']);
    const ofTask = await readChangesOf(guard.database, { kind: 'task', taskId: other }, start, 10);
    expect(ofTask.map(({ type }) => type)).toEqual(['elsewhere']);
  });

  test('returns the changes of a project in the same order after it has grown beyond a few tasks', async () => {
    const { guard, world } = context;
    const start = await readChangeTail(guard.database);
    const { projectId } = world;
    for (const type of ['first', 'second', 'third']) await guard.database.query(WRITE, [taskId, type]);
    await heard(start, ['first', 'second', 'third']);
    const ofProject = async () =>
      (await readChangesOf(guard.database, { kind: 'project', projectId }, start, 2)).map(({ type }) => type);
    expect(await ofProject()).toEqual(['first', 'second']);
    await guard.database.query(ADD_TASKS, [projectId, FEW_TASKS]);
    expect(await ofProject()).toEqual(['first', 'second']);
  });

  test('parses a formatted position, and rejects every other text', () => {
    expect(parsePlace(formatPlace({ tx: 12345678901234n, id: 42 }))).toEqual({ tx: 12345678901234n, id: 42 });
    for (const text of ['', '1', '-', '1-', '1-2-3', 'a-b', "1-1'", '1e3-1', '99999999999999999999-1']) {
      expect(parsePlace(text)).toBeUndefined();
    }
  });
});
