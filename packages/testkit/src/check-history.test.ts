import { type Generation, parseAgentSessionId, parseGeneration, type SessionId, type SlotKey } from '@phaselock/core';
import { type OpenGuard, openGuard } from '@phaselock/guard';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkHistory } from './check-history.ts';
import type { Effect, RecordedOperation } from './history.ts';
import { createTestDatabase } from './test-database.ts';
import { createWorld } from './world.ts';

let guard: OpenGuard;
let slot: SlotKey;
let ids: { first: SessionId; second: SessionId };
let history: RecordedOperation[];
let close: () => Promise<void>;

const sonnet = { agent: 'claude-code', model: 'claude-sonnet-4-5' } as const;
const opus = { agent: 'claude-code', model: 'claude-opus-4-5' } as const;

const operation = (invokedAt: number, at: number, ...effects: Effect[]): RecordedOperation => ({
  client: 'a',
  slot: 'the slot',
  what: 'an operation',
  invokedAt,
  answered: { at, effects },
});

/** A session with a turn and its follow-up, replaced by another: everything the rules look at, and nothing wrong with it. */
beforeEach(async () => {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createTestDatabase());
  guard = stack.use(await openGuard({ databaseUrl: database.url, invalidation: 'memory' }));
  close = () => stack.disposeAsync();
  const world = await createWorld(guard);
  slot = { taskId: await world.task(), phase: 'run', mode: 'standard' };
  const attemptId = await world.attempt(slot.taskId);
  const first = await guard.start({ ...slot, model: sonnet });
  if (first.kind !== 'created') throw new Error(first.kind);
  const shown = { sessionId: first.session.id, generation: first.session.generation };
  for (const round of [1, 2]) {
    const turn = await guard.startTurn({ ...shown, attemptId });
    if (turn.kind !== 'started') throw new Error(`${turn.kind} in round ${round}`);
    await guard.reportAgentSession({ ...shown, processId: turn.processId }, agentId(`conversation`));
    await guard.finishTurn({ ...shown, processId: turn.processId, ending: 'completed' });
  }
  const second = await guard.start({ ...slot, model: opus, say: { kind: 'replace', shown } });
  if (second.kind !== 'replaced') throw new Error(second.kind);
  ids = { first: first.session.id, second: second.session.id };
  history = [
    operation(1, 2, { kind: 'birth', session: first.session, predecessor: null }),
    operation(3, 4, { kind: 'write', session: first.session }),
    operation(5, 6, { kind: 'birth', session: second.session, predecessor: ids.first }),
  ];
});
afterEach(() => close());

const rules = async (): Promise<string[]> => [
  ...new Set((await checkHistory(guard.database, history)).map(({ rule }) => rule)),
];

/** Past every constraint and trigger, as only a broken program with full rights could. */
async function corrupt(...statements: string[]): Promise<void> {
  const { pool } = guard.database;
  for (const statement of statements)
    await pool.pg.query(`set session_replication_role = replica; ${statement}; reset session_replication_role`);
}

test('a healthy history is silent', async () => {
  expect(await rules()).toEqual([]);
});

describe('each rule fires alone on what breaks it', () => {
  test('an acknowledged birth that is not there', async () => {
    history.push(
      operation(7, 8, { kind: 'birth', session: { id: ids.second, generation: generation(3) }, predecessor: null }),
    );
    expect(await rules()).toEqual(['acknowledged']);
  });

  test('a birth answered before another was asked for, with the greater generation', async () => {
    const [one, write, two] = history;
    if (one === undefined || write === undefined || two === undefined) throw new Error('no history');
    history = [
      { ...two, invokedAt: 1, answered: two.answered && { ...two.answered, at: 2 } },
      { ...one, invokedAt: 3, answered: one.answered && { ...one.answered, at: 4 } },
    ];
    expect(await rules()).toEqual(['order']);
  });

  test('a write under a session that had left', async () => {
    history.push(operation(7, 8, { kind: 'write', session: { id: ids.first, generation: generation(1) } }));
    expect(await rules()).toEqual(['stale-write']);
  });

  test('two live sessions in a slot', async () => {
    await guard.database.pool.pg.query('drop index sessions_one_live');
    await corrupt(`insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at)
      values (gen_random_uuid(), '${slot.taskId}', 'run', 'standard', 'codex', 'ready', 0, true, now(), now())`);
    expect(await rules()).toEqual(['two-live']);
  });

  test('a successor born before its predecessor left', async () => {
    await corrupt(`update sessions set deleted_at = deleted_at + interval '1 hour' where id = '${ids.first}'`);
    expect(await rules()).toEqual(['overlap']);
  });

  test('a generation the slot did not count', async () => {
    await corrupt(`update slots set generation = 3 where task_id = '${slot.taskId}'`);
    expect(await rules()).toEqual(['generations']);
  });

  test('a chain whose ends disagree', async () => {
    await corrupt(`update sessions set predecessor_id = null where id = '${ids.second}'`);
    expect(await rules()).toEqual(['chain']);
  });

  test('a birth without its event', async () => {
    await corrupt(`delete from session_events where type = 'created'`);
    expect(await rules()).toEqual(['recorded']);
  });

  test('a second beginning in one session', async () => {
    await corrupt(`update processes set action = 'CodingAgentInitialRequest', passed_session_id = null where seq = 2`);
    expect(await rules()).toEqual(['conversation']);
  });

  test('two processes with a lease in one slot', async () => {
    await corrupt(
      `update processes set status = 'running', ended_at = null`,
      `update sessions set lease_expires_at = now() + interval '1 hour' where id = '${ids.first}'`,
    );
    expect(await rules()).toEqual(['two-running']);
  });
});

function generation(value: number): Generation {
  const parsed = parseGeneration(value);
  if (parsed === undefined) throw new Error('not a generation');
  return parsed;
}

function agentId(text: string) {
  const parsed = parseAgentSessionId(text);
  if (parsed === undefined) throw new Error('not an agent session id');
  return parsed;
}
