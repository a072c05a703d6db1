import { createHash } from 'node:crypto';
import type { SessionId } from '@phaselock/core';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  OPUS,
  openTestGuard,
  replaceBy,
  runTurn,
  SONNET,
  type TestGuard,
} from '@phaselock/testkit';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chainNextTasks } from './chain-events.ts';

let context: TestGuard;
let client: pg.Client;
beforeEach(async () => {
  context = await openTestGuard();
  client = new pg.Client({ connectionString: context.databaseUrl });
  await client.connect();
});
afterEach(async () => {
  await client.end();
  await context[Symbol.asyncDispose]();
});

type Chained = {
  readonly session_id: string;
  readonly type: string;
  readonly place: number | null;
  readonly hash: Buffer | null;
  readonly canonical: string;
};

async function eventsBySession(): Promise<Map<string, Chained[]>> {
  const { rows } = await client.query<Chained>(
    'select session_id, type, place, hash, canonical_event(e) as canonical from session_events e order by session_id, id',
  );
  return Map.groupBy(rows, ({ session_id }) => session_id);
}

const sha256 = (...parts: readonly (Buffer | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** Computes the chain of a session anew, outside the database. */
function expectChained(sessionId: string, events: readonly Chained[]): void {
  let before = sha256(`phaselock-session/1 ${sessionId}`);
  for (const [index, event] of events.entries()) {
    const hash = sha256(before, event.canonical);
    expect([event.type, event.place, event.hash?.toString('hex')]).toEqual([
      event.type,
      index + 1,
      hash.toString('hex'),
    ]);
    before = hash;
  }
}

async function expectAllChained(): Promise<Map<string, Chained[]>> {
  const sessions = await eventsBySession();
  for (const [sessionId, events] of sessions) expectChained(sessionId, events);
  return sessions;
}

/** Removes the chain, as if the events were written by a release before it. */
async function unchain(): Promise<void> {
  await client.query('set session_replication_role = replica');
  await client.query('update session_events set place = null, hash = null');
  await client.query('update event_chain_progress set task_id = null, finished_at = null');
  await client.query('set session_replication_role = origin');
}

/** A session, replaced twice by another model, with two turns each. */
async function aHistory(): Promise<readonly SessionId[]> {
  const { guard, world } = context;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const sessions: SessionId[] = [];
  for (const model of [SONNET, OPUS, SONNET]) {
    const start = aStart(taskId, model);
    const session = sessions.length === 0 ? await begin(guard, start) : await replaceBy(guard, start);
    for (const turn of ['first', 'second'])
      await runTurn(guard, aTurn(session, attemptId), agentId(`${turn} of ${session.id}`));
    sessions.push(session.id);
  }
  return sessions;
}

describe('the events of a session', () => {
  test('form one chain per session, over turns and replacements', async () => {
    const sessionIds = await aHistory();
    const sessions = await expectAllChained();
    expect([...sessions.keys()].toSorted()).toEqual(sessionIds.toSorted());
    expect(sessions.get(sessionIds[0] ?? '')).toHaveLength(5);
  });

  test('are hashed with everything that is stored of them', async () => {
    await aHistory();
    const { rows } = await client.query<{ canonical: string; at: Date; taskId: string }>(
      'select canonical_event(e) as canonical, at, task_id as "taskId" from session_events e where type = \'replaced\' order by id limit 1',
    );
    const [event] = rows;
    const content: unknown = JSON.parse(event?.canonical ?? 'null');
    expect(content).toEqual([
      'phaselock-event/1',
      event?.taskId,
      'run',
      'standard',
      expect.any(String),
      1,
      'replaced',
      'model-changed',
      2,
      expect.any(String),
      null,
      expect.any(Number),
      { model: { agent: 'claude-code', variant: null, model: OPUS, resolved_model: null, parameters: {} } },
    ]);
    expect(Math.floor(Number(Array.isArray(content) ? content[11] : undefined) / 1_000)).toBe(event?.at.getTime());
  });

  test('have the same form whatever the settings of the connection are', async () => {
    await aHistory();
    const [plain] = (await eventsBySession()).values();
    await client.query("set timezone = 'Asia/Tokyo'; set datestyle = 'German'; set intervalstyle = 'sql_standard'");
    await client.query("set extra_float_digits = 0; set bytea_output = 'escape'");
    const [other] = (await eventsBySession()).values();
    expect(other?.map(({ canonical }) => canonical)).toEqual(plain?.map(({ canonical }) => canonical));
  });

  test('get their place once, and nothing else of them changes', async () => {
    await aHistory();
    const changes = [
      'update session_events set actor = $$somebody$$',
      'update session_events set hash = sha256($$forged$$)',
      'update session_events set hash = null, place = null',
      'delete from session_events',
    ];
    for (const change of changes) await expect(client.query(change)).rejects.toMatchObject({ code: '23001' });
    await unchain();
    for (const change of [...changes.slice(0, 1), 'update session_events set place = 1'])
      await expect(client.query(change)).rejects.toMatchObject({ code: '23001' });
    await expect(
      client.query('update session_events set place = 1, hash = sha256($$x$$), actor = $$somebody$$'),
    ).rejects.toMatchObject({ code: '23001' });
  });
});

describe('events from before the chains', () => {
  test('are chained when their session goes on', async () => {
    const sessionIds = await aHistory();
    await unchain();
    const last = sessionIds[2];
    if (last === undefined) throw new Error('no session was begun');
    await context.guard.softDelete({ sessionId: last });
    const sessions = await eventsBySession();
    expectChained(last, sessions.get(last) ?? []);
    expect(sessions.get(last)).toHaveLength(6);
    expect(sessions.get(sessionIds[0] ?? '')?.every(({ hash }) => hash === null)).toBe(true);
  });

  test('are chained task by task, whichever way a session was ended, and once', async () => {
    for (let tasks = 0; tasks < 3; tasks += 1) await aHistory();
    const before = await expectAllChained();
    await unchain();
    const sql = context.guard.database;
    expect(await chainNextTasks(sql, { limit: 2, waitMs: 1_000 })).toEqual({ tasks: 2, events: 30, finished: false });
    expect(await chainNextTasks(sql, { limit: 2, waitMs: 1_000 })).toEqual({ tasks: 1, events: 15, finished: true });
    expect(await chainNextTasks(sql, { limit: 2, waitMs: 1_000 })).toEqual({ tasks: 0, events: 0, finished: true });
    expect(await expectAllChained()).toEqual(before);
  });

  test('are left to the process that works on them', async () => {
    await aHistory();
    await unchain();
    await client.query('begin; select 1 from event_chain_progress for update');
    const idle = await chainNextTasks(context.guard.database, { limit: 5, waitMs: 1_000 });
    expect(idle).toEqual({ tasks: 0, events: 0, finished: false });
    await client.query('rollback');
  });
});
