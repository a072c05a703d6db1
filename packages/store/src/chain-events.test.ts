import { createHash } from 'node:crypto';
import type { SessionId } from '@phaselock/core';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  confirmed,
  holdLock,
  OPUS,
  openTestGuard,
  replaceBy,
  runTurn,
  SONNET,
  shown,
  type TestGuard,
  tokenOf,
  unchainEvents,
} from '@phaselock/testkit';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ChainedTasks,
  type ChainLimits,
  ChainProgressMissing,
  chainNextTasks,
  readChainProgress,
} from './chain-events.ts';

const MANY: ChainLimits = { tasks: 1_000, events: 1_000_000, waitMs: 20_000 };

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

/** A session, replaced twice by another model, with two turns each: 15 events. */
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

const chain = (limits: Partial<ChainLimits> = {}): Promise<ChainedTasks> =>
  chainNextTasks(context.guard.database, { ...MANY, ...limits });

const unchain = (): Promise<void> => unchainEvents(context.databaseUrl);

describe('the events of a session', () => {
  test('form one chain per session, over turns and replacements', async () => {
    const sessionIds = await aHistory();
    const sessions = await expectAllChained();
    expect([...sessions.keys()].toSorted()).toEqual(sessionIds.toSorted());
    expect(sessions.get(sessionIds[0] ?? '')).toHaveLength(5);
  });

  test('form one chain per session when many sessions are begun, replaced and deleted in one call each', async () => {
    const { guard, world } = context;
    const taskIds = await Promise.all(Array.from({ length: 50 }, () => world.task()));
    const start = async (items: Parameters<typeof guard.bulkStart>[0]) =>
      (await guard.bulkStart(items)).flatMap((one) =>
        one.kind === 'created' || one.kind === 'replaced' ? [one.session] : [],
      );
    const begun = await start(taskIds.map((taskId) => aStart(taskId)));
    const replaced = await start(begun.map((session) => aStart(session.slot.taskId, OPUS, confirmed(shown(session)))));
    await guard.bulkDelete(replaced.map(({ id }) => id));
    const sessions = await expectAllChained();
    expect(sessions.size).toBe(100);
    expect([...sessions.values()].filter((events) => events.at(-1)?.type === 'deleted')).toHaveLength(50);
  });

  test('form one chain per session when sessions of one task go on in turn', async () => {
    const { guard, world } = context;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const sessions = [
      await begin(guard, aStart(taskId)),
      await begin(guard, aStart(taskId, SONNET, { phase: 'plan' })),
      await guard.beginStandalone(aStart(taskId, SONNET, { milestoneId: 'a milestone' })),
    ];
    for (const turn of ['first', 'second'])
      for (const session of sessions)
        await runTurn(guard, aTurn(session, attemptId), agentId(`${turn} of ${session.id}`));
    const chained = await expectAllChained();
    expect(sessions.map(({ id }) => chained.get(id)?.length)).toEqual([5, 5, 5]);
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
      { model: { agent: 'claude-code', variant: null, model: OPUS, resolved_model: OPUS, parameters: {} } },
    ]);
    expect(Math.floor(Number(Array.isArray(content) ? content[11] : undefined) / 1_000)).toBe(event?.at.getTime());
  });

  test('have the form of a jsonb array, with every character and number', async () => {
    const [sessionId] = await aHistory();
    await client.query(
      `insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at, detail)
       select task_id, phase, mode, session_id, 'deleted', odd, 9007199254740993, odd, now() + interval '1.000001 s', odd_detail
       from session_events,
            unnest(array[E'"\\\\ /\\b\\f\\n\\r\\t\\x01\\x1f\\x7f\\u2028 \\u00e4\\U0001f600', '', 'null']) odd,
            unnest(array['{"b": [1.50, -1e3, {}], "aa": {"": null}}', 'null', '[]', '"\\u0001"', null]::jsonb[]) odd_detail
       where session_id = $1 and type = 'created'`,
      [sessionId],
    );
    const { rows } = await client.query<{ canonical: string; other: string }>(
      `select canonical_event(e) as canonical,
              jsonb_build_array('phaselock-event/1', task_id, phase, mode, session_id, place, type, reason, generation, predecessor_id, actor,
                                (extract(epoch from at) * 1000000)::bigint, detail)::text as other
       from session_events e`,
    );
    expect(rows).toHaveLength(30);
    expect(rows.map(({ canonical }) => canonical)).toEqual(rows.map(({ other }) => other));
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
      'update session_events set actor = $$forged$$',
      'update session_events set hash = sha256($$forged$$)',
      'update session_events set hash = null, place = null',
      'delete from session_events',
    ];
    for (const change of changes) await expect(client.query(change)).rejects.toMatchObject({ code: '23001' });
    await unchain();
    for (const change of [...changes.slice(0, 1), 'update session_events set place = 1'])
      await expect(client.query(change)).rejects.toMatchObject({ code: '23001' });
    await expect(
      client.query('update session_events set place = 1, hash = sha256($$x$$), actor = $$forged$$'),
    ).rejects.toMatchObject({ code: '23001' });
  });

  test('get no place and no hash from the caller that writes them, also several in one statement', async () => {
    const [sessionId] = await aHistory();
    await client.query(
      `insert into session_events (task_id, phase, mode, session_id, type, generation, at, place, hash)
       select task_id, phase, mode, session_id, 'deleted', 1, now(), 77, sha256('forged') from session_events where session_id = $1`,
      [sessionId],
    );
    expect((await expectAllChained()).get(sessionId ?? '')).toHaveLength(10);
  });

  test('form one chain when callers on two servers write them at the same time', async () => {
    const { guard, world } = context;
    const other = await context.another();
    const taskId = await world.task();
    const session = await begin(guard, aStart(taskId));
    const turn = await runTurn(guard, aTurn(session, await world.attempt(taskId)), agentId('an agent'));
    await Promise.all(
      Array.from({ length: 20 }, (_, call) =>
        (call % 2 === 0 ? guard : other).appendLogs(tokenOf(turn), [{ kind: 'stdout', line: `${call}` }]),
      ),
    );
    const sessions = await expectAllChained();
    expect(sessions.get(session.id)?.filter(({ type }) => type === 'logs-appended')).toHaveLength(20);
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

  test('are chained task by task, with the hashes they would have got when they were written, and once', async () => {
    for (let tasks = 0; tasks < 3; tasks += 1) await aHistory();
    const before = await expectAllChained();
    await unchain();
    expect(await chain({ tasks: 2 })).toEqual({ state: 'unfinished', tasks: 2, events: 30 });
    expect(await readChainProgress(context.guard.database.kysely)).toMatchObject({ tasksLeft: 1, finished: false });
    expect(await chain({ tasks: 2 })).toEqual({ state: 'finished', tasks: 1, events: 15 });
    expect(await chain({ tasks: 2 })).toEqual({ state: 'finished', tasks: 0, events: 0 });
    expect(await expectAllChained()).toEqual(before);
    expect(await readChainProgress(context.guard.database.kysely)).toEqual({
      chainedTasks: 3,
      chainedEvents: 45,
      tasksLeft: 0,
      finished: true,
    });
  });

  test('of one task are chained in several calls when there are many', async () => {
    await aHistory();
    await unchain();
    const states: unknown[] = [];
    for (let calls = 0; calls < 4; calls += 1) states.push(await chain({ events: 1 }));
    expect(states).toEqual([
      { state: 'unfinished', tasks: 0, events: 5 },
      { state: 'unfinished', tasks: 0, events: 5 },
      { state: 'finished', tasks: 1, events: 5 },
      { state: 'finished', tasks: 0, events: 0 },
    ]);
    await expectAllChained();
  });

  test('of a task or session that is no longer there are chained', async () => {
    await unchain();
    await client.query('set session_replication_role = replica');
    await client.query(
      `insert into session_events (task_id, phase, mode, session_id, type, generation, at)
       select gen_random_uuid(), 'run', 'standard', gen_random_uuid(), 'standalone-started', 0, now() from generate_series(1, 3)`,
    );
    expect(await chain()).toEqual({ state: 'finished', tasks: 3, events: 3 });
    await expectAllChained();
  });

  test('are left to the process that works on them', async () => {
    await aHistory();
    await unchain();
    await using _worker = await holdLock(context.databaseUrl, 'select 1 from event_chain_progress for update');
    expect(await chain()).toEqual({ state: 'busy', tasks: 0, events: 0 });
  });

  test('are not chained, which is an error, if the row that stores the progress is missing', async () => {
    await aHistory();
    await unchain();
    const kept = await client.query('delete from event_chain_progress returning singleton');
    expect(kept.rowCount).toBe(1);
    await expect(chain()).rejects.toThrow(ChainProgressMissing);
    await expect(readChainProgress(context.guard.database.kysely)).rejects.toThrow(ChainProgressMissing);
    await client.query('insert into event_chain_progress default values');
    expect(await chain()).toEqual({ state: 'finished', tasks: 1, events: 15 });
    await expectAllChained();
  });

  test('of a session that is being written to are left for later, and others are not locked meanwhile', async () => {
    const sessionIds = (await aHistory()).toSorted();
    await unchain();
    await using writer = await holdLock(
      context.databaseUrl,
      `select 1 from sessions where id = '${sessionIds[1]}' for update`,
    );
    // The first session is chained. The second is not waited for while the first one is locked.
    expect(await chain()).toEqual({ state: 'unfinished', tasks: 0, events: 5 });
    // Now no other session is locked, so it is waited for.
    expect(await chain({ waitMs: 10 })).toEqual({ state: 'busy', tasks: 0, events: 0 });
    await writer.letGo();
    expect(await chain()).toEqual({ state: 'finished', tasks: 1, events: 10 });
    await expectAllChained();
  });

  test('are chained by several workers while their sessions go on', async () => {
    const { guard, world } = context;
    const sessions = await Promise.all(
      Array.from({ length: 8 }, async () => {
        const taskId = await world.task();
        const session = await begin(guard, aStart(taskId));
        return await runTurn(guard, aTurn(session, await world.attempt(taskId)), agentId(`agent of ${taskId}`));
      }),
    );
    await unchain();
    const work = async (): Promise<void> => {
      while ((await chain({ tasks: 1 })).state !== 'finished');
    };
    const goOn = sessions.map(async (turn) => {
      for (let line = 0; line < 5; line += 1)
        await guard.appendLogs(tokenOf(turn), [{ kind: 'stdout', line: `${line}` }]);
    });
    await Promise.all([work(), work(), work(), ...goOn]);
    const chained = await expectAllChained();
    expect([...chained.values()].map((events) => events.length)).toEqual(sessions.map(() => 8));
  });
});
