import { parseAgentSessionId, type ShownSession } from '@phaselock/core';
import { createTestDatabase } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenGuard, openGuard } from '../open-guard.ts';
import { openPlaces } from './open-places.ts';
import type { Place } from './random-client.ts';

const ROUNDS = 25;
const sonnet = { agent: 'claude-code', model: 'claude-sonnet-4-5' } as const;
const opus = { agent: 'claude-code', model: 'claude-opus-4-5' } as const;

let guard: OpenGuard;
let other: OpenGuard;
let places: readonly Place[];
let close: () => Promise<void>;

beforeAll(async () => {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  // Two guards that share nothing but the database, each trusting its own memory: the worst two processes could do.
  const options = {
    databaseUrl: database.url,
    invalidation: 'memory',
    flags: () => ({ pessimistic_locking_enabled: false, locking_strategy: 'optimistic' }),
  } as const;
  guard = stack.use(await openGuard(options));
  other = stack.use(await openGuard(options));
  places = await openPlaces(guard, ROUNDS * 6);
  close = () => stack.disposeAsync();
});
afterAll(() => close());

let taken = 0;
const nextPlace = (): Place => places[taken++] ?? outOfPlaces();

async function startedAt(place: Place): Promise<ShownSession> {
  const outcome = await guard.start({ ...place.slot, model: sonnet });
  if (outcome.kind !== 'created') throw new Error(outcome.kind);
  return { sessionId: outcome.session.id, generation: outcome.session.generation };
}

async function runningAt(place: Place) {
  const shown = await startedAt(place);
  const turn = await guard.startTurn({ ...shown, attemptId: place.attemptId });
  if (turn.kind !== 'started') throw new Error(turn.kind);
  return { ...shown, processId: turn.processId };
}

const replaceAt = async (by: OpenGuard, { slot }: Place, shown: ShownSession) =>
  await by.start({ ...slot, model: opus, say: { kind: 'replace', shown } });

describe('the database holds what the code promises', () => {
  test('a second live guarded session is refused to whoever inserts it', async () => {
    const { slot } = nextPlace();
    const insert = () =>
      guard.database.pool.pg.query(
        `insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at)
         values (gen_random_uuid(), $1, 'run', 'standard', 'codex', 'ready', 0, true, now(), now())`,
        [slot.taskId],
      );
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, insert));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ constraint: 'sessions_one_live' });
  });

  test('what happened can be neither changed nor taken back', async () => {
    await startedAt(nextPlace());
    for (const sql of [
      'update session_events set actor = null',
      'delete from session_events',
      'truncate session_events',
    ]) {
      await expect(guard.database.pool.pg.query(sql)).rejects.toThrow('append-only');
    }
  });
});

describe('races at each fence', () => {
  test('two guards create in one slot at once: one session', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { slot } = nextPlace();
      const outcomes = await Promise.all([guard, other].map((by) => by.start({ ...slot, model: sonnet })));
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['created', 'existing']);
    }
  });

  test('two guards confirm one dialog at once: one replaces, the other is told that it moved on', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const place = nextPlace();
      const shown = await startedAt(place);
      const theirs = other.start({
        ...place.slot,
        model: { agent: 'codex', model: 'gpt-5.1-codex' },
        say: { kind: 'replace', shown },
      });
      const outcomes = await Promise.all([replaceAt(guard, place, shown), theirs]);
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['refused', 'replaced']);
    }
  });

  test('two turns begin at once: one process', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const place = nextPlace();
      const shown = await startedAt(place);
      const outcomes = await Promise.all(
        [guard, other].map((by) => by.startTurn({ ...shown, attemptId: place.attemptId })),
      );
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['refused', 'started']);
      expect(outcomes.find(({ kind }) => kind === 'refused')).toMatchObject({ code: 'turn_running' });
    }
  });

  test('a turn decided on an old history is decided again', async () => {
    const place = nextPlace();
    const token = await runningAt(place);
    const agentSessionId = parseAgentSessionId('the conversation');
    if (agentSessionId === undefined) throw new Error('not an id');
    const raced = await openGuard({
      databaseUrl: guard.database.pool.pg.options.connectionString ?? '',
      invalidation: 'memory',
      racepoint: async (name) => {
        // Between its decision and its write the turn before is taken back and another one comes and goes.
        if (name !== 'turn:decided') return;
        await guard.database.pool.pg.query(
          'update sessions set version = version + 1 where id = $1 and version < 100',
          [token.sessionId],
        );
        await guard.database.pool.pg.query('update sessions set version = 100 where id = $1', [token.sessionId]);
      },
    });
    await guard.finishTurn({ ...token, ending: 'completed', agentSessionId });
    await using _ = raced;
    const turn = await raced.startTurn({
      sessionId: token.sessionId,
      generation: token.generation,
      attemptId: place.attemptId,
    });
    expect(turn).toMatchObject({ kind: 'started', seq: 2 });
    const { rows } = await guard.database.pool.pg.query('select version from sessions where id = $1', [
      token.sessionId,
    ]);
    expect(rows).toEqual([{ version: 101 }]);
  });

  test('a replaced runner writes nothing, renews nothing, and its successor waits for it', async () => {
    const place = nextPlace();
    const token = await runningAt(place);
    const replaced = await replaceAt(other, place, token);
    if (replaced.kind !== 'replaced') throw new Error(replaced.kind);
    const successor = { sessionId: replaced.session.id, generation: replaced.session.generation };
    await expect(guard.appendLogs(token, [{ kind: 'stdout', line: 'too late' }])).rejects.toMatchObject({
      code: 'stale_generation',
    });
    expect(await guard.heartbeat(token)).toMatchObject({ kind: 'stop', replacedBy: successor.sessionId });
    expect(await guard.startTurn({ ...successor, attemptId: place.attemptId })).toMatchObject({
      kind: 'refused',
      code: 'predecessor_stopping',
    });
    await guard.finishTurn({ ...token, ending: 'killed' });
    expect(await guard.startTurn({ ...successor, attemptId: place.attemptId })).toMatchObject({ kind: 'started' });
  });

  test('the barrier holds in the database too, when the decision was made before there was anything to wait for', async () => {
    const place = nextPlace();
    const shown = await startedAt(place);
    let running = false;
    // The decision sees an idle session; before its write, a turn begins in it.
    const raced = await openGuard({
      databaseUrl: guard.database.pool.pg.options.connectionString ?? '',
      invalidation: 'memory',
      racepoint: async (name) => {
        if (name !== 'turn:decided' || running) return;
        running = true;
        expect(await guard.startTurn({ ...shown, attemptId: place.attemptId })).toMatchObject({ kind: 'started' });
      },
    });
    await using _ = raced;
    const outcome = await raced.startTurn({
      ...shown,
      attemptId: place.attemptId,
      model: opus,
      onModelChange: 'replace',
    });
    expect(outcome).toMatchObject({ kind: 'refused', code: 'turn_running' });
  });

  test('an append that races a replacement is written before it or refused', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const place = nextPlace();
      const token = await runningAt(place);
      const [appended] = await Promise.allSettled([
        guard.appendLogs(token, [{ kind: 'stdout', line: 'a line' }]),
        replaceAt(other, place, token),
      ]);
      const { rows } = await guard.database.pool.pg.query(
        'select count(l.id) as lines, coalesce(bool_and(l.at <= s.deleted_at), true) as in_time from sessions s left join session_logs l on l.session_id = s.id where s.id = $1',
        [token.sessionId],
      );
      expect(rows).toEqual([{ lines: appended.status === 'fulfilled' ? 1 : 0, in_time: true }]);
    }
  });
});

function outOfPlaces(): never {
  throw new Error('the test has no more places');
}
