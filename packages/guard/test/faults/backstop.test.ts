import { randomUUID } from 'node:crypto';
import {
  parseAgentSessionId,
  parseSessionId,
  type SessionId,
  type ShownSession,
  type SlotState,
} from '@phaselock/core';
import { openSession, readSlotState } from '@phaselock/store';
import { createTestDatabase, eventually } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenGuard, openGuard } from '../../src/open-guard.ts';
import { openPlaces } from './open-places.ts';
import type { Place } from './random-client.ts';

const ROUNDS = 25;
const sonnet = { agent: 'claude-code', model: 'claude-sonnet-4-5' } as const;
const opus = { agent: 'claude-code', model: 'claude-opus-4-5' } as const;

let guard: OpenGuard;
let other: OpenGuard;
let places: readonly Place[];
let databaseUrl: string;
let close: () => Promise<void>;

beforeAll(async () => {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  databaseUrl = database.url;
  // Two guards that share only the database and get no invalidations from each other, as the worst case.
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

describe('the database', () => {
  test('refuses a second live guarded session in a slot, also by direct inserts', async () => {
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

  test('refuses changes and deletions of session events', async () => {
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

describe('openSession writes nothing if the slot has changed since it was read', () => {
  const birth = (place: Place, seen: SlotState): Parameters<typeof openSession>[1] => ({
    slot: place.slot,
    seen,
    sessionId: sessionIdOf(randomUUID()),
    identity: { agent: 'codex', variant: null, model: null, resolvedModel: null, parameters: {} },
    milestoneId: null,
    createdBy: null,
    reason: seen.live === null ? 'first' : 'model-changed',
    handoff: null,
    idempotency: null,
    waitMs: 1_000,
  });
  const slotsAndSessions = async ({ slot }: Place) =>
    (
      await guard.database.pool.pg.query(
        'select s.*, l.version as v, l.generation as g from slots l join sessions s using (task_id) where task_id = $1 order by s.id',
        [slot.taskId],
      )
    ).rows;

  test('because the empty slot was taken', async () => {
    const place = nextPlace();
    const empty = await readSlotState(guard.database, place.slot);
    await startedAt(place);
    const before = await slotsAndSessions(place);
    expect(await openSession(guard.database, birth(place, empty))).toEqual({ kind: 'moved' });
    expect(await slotsAndSessions(place)).toEqual(before);
  });

  test('because the session was replaced', async () => {
    const place = nextPlace();
    const shown = await startedAt(place);
    const seen = await readSlotState(guard.database, place.slot);
    await replaceAt(guard, place, shown);
    const before = await slotsAndSessions(place);
    expect(await openSession(guard.database, birth(place, seen))).toEqual({ kind: 'moved' });
    expect(await slotsAndSessions(place)).toEqual(before);
  });

  test('because the empty slot was taken and emptied again', async () => {
    const place = nextPlace();
    await guard.softDelete(await startedAt(place));
    const left = await readSlotState(guard.database, place.slot);
    await guard.softDelete(await startedAt(place));
    const before = await slotsAndSessions(place);
    expect(await openSession(guard.database, birth(place, left))).toEqual({ kind: 'moved' });
    expect(await slotsAndSessions(place)).toEqual(before);
  });
});

describe('concurrent operations', () => {
  test('two creates in one slot make one session', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const { slot } = nextPlace();
      const outcomes = await Promise.all([guard, other].map((by) => by.start({ ...slot, model: sonnet })));
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['created', 'existing']);
    }
  });

  test('of two confirmations of one question, one replaces the session and the other is refused', async () => {
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

  test('of two turns in one session, one begins and the other is refused', async () => {
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

  test('a turn is decided again if another turn has changed the history', async () => {
    const place = nextPlace();
    const shown = await startedAt(place);
    let decisions = 0;
    await using raced = await openGuard({
      databaseUrl,
      invalidation: 'memory',
      racepoint: async (name) => {
        if (name !== 'turn:decided') return;
        decisions += 1;
        if (decisions > 1) return;
        // Between the decision and its write, another turn runs to its end and reports an id to resume.
        const turn = await guard.startTurn({ ...shown, attemptId: place.attemptId });
        if (turn.kind !== 'started') throw new Error(turn.kind);
        const agentSessionId = parseAgentSessionId('the conversation');
        await guard.finishTurn({
          ...shown,
          processId: turn.processId,
          ending: 'completed',
          ...(agentSessionId && { agentSessionId }),
        });
      },
    });
    const turn = await raced.startTurn({ ...shown, attemptId: place.attemptId });
    expect(turn).toMatchObject({
      kind: 'started',
      action: 'CodingAgentFollowUpRequest',
      passedSessionId: 'the conversation',
    });
    expect(decisions).toBe(2);
  });

  test('a replaced runner cannot write or renew its lease, and its successor waits for it', async () => {
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

  test('a replacement by a turn is refused if another turn began after the decision', async () => {
    const place = nextPlace();
    const shown = await startedAt(place);
    let running = false;
    // The decision sees an idle session; before its write, a turn begins in it.
    await using raced = await openGuard({
      databaseUrl,
      invalidation: 'memory',
      racepoint: async (name) => {
        if (name !== 'turn:decided' || running) return;
        running = true;
        expect(await guard.startTurn({ ...shown, attemptId: place.attemptId })).toMatchObject({ kind: 'started' });
      },
    });
    const outcome = await raced.startTurn({
      ...shown,
      attemptId: place.attemptId,
      model: opus,
      onModelChange: 'replace',
    });
    expect(outcome).toMatchObject({ kind: 'refused', code: 'turn_running' });
  });

  test('a replacement waits for an append that has passed its generation check', async () => {
    const place = nextPlace();
    const token = await runningAt(place);
    const holder = await guard.database.pool.pg.connect();
    await holder.query('begin');
    // Inserts wait for this lock, so the append stops between its check and its insert.
    await holder.query('lock table session_logs in share row exclusive mode');
    // Queried outside the transaction of the holder, in which the server would keep returning its first snapshot.
    const waits = async (statement: string): Promise<boolean> => {
      const text =
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like $1";
      return (await guard.database.pool.pg.query(text, [`%${statement}(%`])).rowCount === 1;
    };
    const append = guard.appendLogs(token, [{ kind: 'stdout', line: 'a line' }]);
    await eventually(() => waits('append_logs'));
    const replace = replaceAt(other, place, token);
    await eventually(() => waits('open_session'));
    await holder.query('commit');
    holder.release();
    await append;
    expect(await replace).toMatchObject({ kind: 'replaced' });
  });

  test('an append concurrent with a replacement is written before it or refused', async () => {
    for (let round = 0; round < ROUNDS; round += 1) {
      const place = nextPlace();
      const token = await runningAt(place);
      const [appended] = await Promise.allSettled([
        guard.appendLogs(token, [{ kind: 'stdout', line: 'a line' }]),
        replaceAt(other, place, token),
      ]);
      const { rows } = await guard.database.pool.pg.query(
        'select count(l.id) as lines from sessions s left join session_logs l on l.session_id = s.id where s.id = $1',
        [token.sessionId],
      );
      expect(rows).toEqual([{ lines: appended.status === 'fulfilled' ? 1 : 0 }]);
    }
  });
});

function outOfPlaces(): never {
  throw new Error('the test has no more places');
}

function sessionIdOf(text: string): SessionId {
  const id = parseSessionId(text);
  if (id === undefined) throw new Error('not a session id');
  return id;
}
