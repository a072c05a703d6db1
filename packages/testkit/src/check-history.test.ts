import {
  type Generation,
  type ProcessId,
  parseAgentSessionId,
  parseGeneration,
  type SessionId,
  type SlotKey,
  slotName,
} from '@phaselock/core';
import { type OpenGuard, openGuard } from '@phaselock/guard';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkHistory } from './check-history.ts';
import { type Effect, monotonicMicros, type RecordedOperation } from './history.ts';
import { createTestDatabase } from './test-database.ts';
import { createWorld } from './world.ts';

let guard: OpenGuard;
let slot: SlotKey;
let ids: { first: SessionId; second: SessionId };
let history: RecordedOperation[];
let processes: ProcessId[];
let close: () => Promise<void>;

const sonnet = { agent: 'claude-code', model: 'claude-sonnet-4-5' } as const;
const opus = { agent: 'claude-code', model: 'claude-opus-4-5' } as const;

const operation = (invokedAt: number, at: number, ...effects: Effect[]): RecordedOperation => ({
  client: 'a',
  slot: slotName(slot),
  what: 'an operation',
  invokedAt,
  answered: { at, effects },
});

/** A session with an initial and a follow-up turn, replaced by another session. The history breaks no rule. */
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
  processes = [];
  for (const round of [1, 2]) {
    const turn = await guard.startTurn({ ...shown, attemptId });
    if (turn.kind !== 'started') throw new Error(`${turn.kind} in round ${round}`);
    processes.push(turn.processId);
    await guard.appendLogs({ ...shown, processId: turn.processId }, [{ kind: 'stdout', line: `line ${round}` }]);
    await guard.reportAgentSession({ ...shown, processId: turn.processId }, agentId(`conversation`));
    await guard.finishTurn({ ...shown, processId: turn.processId, ending: 'completed' });
  }
  const second = await guard.start({ ...slot, model: opus, say: { kind: 'replace', shown } });
  if (second.kind !== 'replaced') throw new Error(second.kind);
  ids = { first: first.session.id, second: second.session.id };
  history = [
    operation(1, 2, { kind: 'birth', session: first.session, predecessor: null }),
    operation(3, 4, { kind: 'write', session: first.session, kept: { kind: 'line', line: 'line 1' } }),
    operation(5, 6, { kind: 'birth', session: second.session, predecessor: ids.first }),
  ];
});
afterEach(() => close());

const rules = async (): Promise<string[]> => [
  ...new Set((await checkHistory(guard.database, history, { complete: true })).map(({ rule }) => rule)),
];

const underFirst = (kept?: Extract<Effect, { kind: 'write' }>['kept']): Effect => ({
  kind: 'write',
  session: { id: ids.first, generation: generation(1) },
  ...(kept && { kept }),
});

const heldUntil = (index: number, until: number): Effect => {
  const processId = processes[index];
  if (processId === undefined) throw new Error('no such process');
  return underFirst({ kind: 'lease', processId, until });
};

/** Bypasses every constraint and trigger, as only a faulty program with full rights could. */
async function corrupt(...statements: string[]): Promise<void> {
  const { pool } = guard.database;
  for (const statement of statements)
    await pool.pg.query(`set session_replication_role = replica; ${statement}; reset session_replication_role`);
}

test('a valid history has no violations', async () => {
  expect(await rules()).toEqual([]);
});

describe('each violation is reported by exactly its own rules', () => {
  test('an acknowledged session that is not in the database', async () => {
    history.push(
      operation(7, 8, { kind: 'birth', session: { id: ids.second, generation: generation(3) }, predecessor: null }),
    );
    expect(await rules()).toEqual(['acknowledged']);
  });

  test('an acknowledged session that is in another slot', async () => {
    history = history.map((recorded) => ({ ...recorded, slot: slotName({ ...slot, mode: 'debug' }) }));
    await corrupt(`delete from session_logs`);
    expect(await rules()).toEqual(['acknowledged']);
  });

  test('a session whose creation was acknowledged to two callers', async () => {
    history = [operation(1, 9, ...born()), operation(1, 9, ...born())];
    expect(await rules()).toEqual(['acknowledged']);
  });

  test('an acknowledged predecessor that differs from the stored predecessor', async () => {
    history.push(
      operation(5, 6, { kind: 'birth', session: { id: ids.second, generation: generation(2) }, predecessor: null }),
    );
    history = history.filter((_, index) => index !== 2);
    expect(await rules()).toEqual(['acknowledged']);
  });

  test('an acknowledged deletion of a session that is live', async () => {
    history.push(operation(7, 8, { kind: 'departure', sessionId: ids.second }));
    expect(await rules()).toEqual(['acknowledged']);
  });

  test('an acknowledged log line that is not in the database', async () => {
    await corrupt(`delete from session_logs where line = 'line 1'`);
    expect(await rules()).toEqual(['acknowledged']);
  });

  test('an acknowledged process that is not in the database', async () => {
    history.push(operation(3, 4, heldUntil(1, 0)));
    await corrupt(`delete from processes where seq = 2`, `update attempts set last_seq = 1`);
    expect(await rules()).toEqual(['acknowledged']);
  });

  test('a session that no answer names, unless an operation of the slot has no answer', async () => {
    history = history.filter((_, index) => index !== 2);
    expect(await rules()).toEqual(['unexplained']);
    history.push({ ...operation(5, 6), answered: null });
    expect(await rules()).toEqual([]);
  });

  test('a greater generation acknowledged before the smaller one was requested', async () => {
    const [one, write, two] = history;
    if (one === undefined || write === undefined || two === undefined) throw new Error('no history');
    history = [
      { ...two, invokedAt: 1, answered: two.answered && { ...two.answered, at: 2 } },
      { ...one, invokedAt: 3, answered: one.answered && { ...one.answered, at: 4 } },
    ];
    expect(await rules()).toEqual(['order']);
  });

  test('a write under a session after its replacement was acknowledged', async () => {
    history.push(operation(7, 8, { kind: 'write', session: { id: ids.first, generation: generation(1) } }));
    expect(await rules()).toEqual(['stale-write']);
  });

  test('a write under a session after a later generation was acknowledged', async () => {
    history = [
      operation(5, 6, {
        kind: 'birth',
        session: { id: ids.second, generation: generation(2) },
        predecessor: ids.first,
      }),
      operation(7, 8, underFirst()),
      { ...operation(1, 2), answered: null },
    ];
    expect(await rules()).toEqual(['stale-write']);
  });

  test('a process that began while the previous process held a lease', async () => {
    const now = monotonicMicros();
    const wall = Date.now();
    await corrupt(`update processes set ended_at = ended_at + interval '1 hour' where seq = 1`);
    history = [
      { ...operation(1, 2), answered: null },
      operation(now, now, heldUntil(0, wall + 60_000)),
      operation(now, now, heldUntil(1, wall + 60_000)),
      { ...operation(1, 2), answered: null },
    ];
    expect(await rules()).toEqual(['handover']);
  });

  test('accepts a process that began after the lease of the previous process expired', async () => {
    const now = monotonicMicros();
    await corrupt(`update processes set ended_at = ended_at + interval '1 hour' where seq = 1`);
    history = [
      { ...operation(1, 2), answered: null },
      operation(now, now, heldUntil(0, Date.now() - 1_000)),
      operation(now, now, heldUntil(1, Date.now() + 60_000)),
      { ...operation(1, 2), answered: null },
    ];
    expect(await rules()).toEqual([]);
  });

  test('two live sessions in a slot', async () => {
    await guard.database.pool.pg.query('drop index sessions_one_live');
    await corrupt(`insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at)
      values (gen_random_uuid(), '${slot.taskId}', 'run', 'standard', 'codex', 'ready', 0, true, now(), now())`);
    expect(await rules()).toEqual(['two-live']);
  });

  test('a successor created before its predecessor was deleted', async () => {
    await corrupt(`update sessions set deleted_at = deleted_at + interval '1 hour' where id = '${ids.first}'`);
    expect(await rules()).toEqual(['overlap']);
  });

  test('a slot counter that differs from the generations of its sessions', async () => {
    await corrupt(`update slots set generation = 3 where task_id = '${slot.taskId}'`);
    expect(await rules()).toEqual(['generations']);
  });

  test('a session whose successor does not name it as predecessor', async () => {
    await corrupt(`update sessions set predecessor_id = null where id = '${ids.second}'`);
    history = [
      { ...operation(1, 2), answered: null },
      { ...operation(1, 2), answered: null },
    ];
    expect(await rules()).toEqual(['chain']);
  });

  test('a session whose successor does not exist', async () => {
    await corrupt(
      `update sessions set deleted_reason = 'collapsed', replaced_by = gen_random_uuid() where id = '${ids.first}'`,
    );
    expect(await rules()).toEqual(['chain', 'succession']);
  });

  test('a successor with a smaller generation than its predecessor', async () => {
    await corrupt(
      `update sessions set generation = 3 - generation`,
      `update sessions set guarded = false where id = '${ids.first}'`,
    );
    history = [
      { ...operation(1, 2), answered: null },
      { ...operation(1, 2), answered: null },
    ];
    expect(await rules()).toEqual(['succession']);
  });

  test('a slot that names a session which is not live', async () => {
    await corrupt(`update slots set live_session_id = '${ids.first}'`);
    expect(await rules()).toEqual(['pointer']);
  });

  test('a slot that names no session although one is live', async () => {
    await corrupt(`update slots set live_session_id = null`);
    expect(await rules()).toEqual(['pointer']);
  });

  test('a live session with a deleted later generation', async () => {
    await corrupt(
      `update sessions set deleted_at = now(), deleted_reason = 'deleted', replaced_by = null, predecessor_id = null where id = '${ids.second}'`,
      `update sessions set deleted_at = null, deleted_reason = null, replaced_by = null where id = '${ids.first}'`,
      `update session_events set predecessor_id = null`,
      `insert into session_events (task_id, phase, mode, session_id, type, generation, at)
        values ('${slot.taskId}', 'run', 'standard', '${ids.second}', 'deleted', 2, now())`,
      `update slots set live_session_id = '${ids.first}'`,
    );
    history = [
      { ...operation(1, 2), answered: null },
      { ...operation(1, 2), answered: null },
    ];
    expect(await rules()).toEqual(['chained', 'outlived']);
  });

  test('a gap in the process numbers of an attempt', async () => {
    await corrupt(`update processes set seq = 3 where seq = 2`, `update attempts set last_seq = 3`);
    expect(await rules()).toEqual(['sequence']);
  });

  test('an attempt whose process counter is wrong', async () => {
    await corrupt(`update attempts set last_seq = 7`);
    expect(await rules()).toEqual(['sequence']);
  });

  test('a session without its creation event', async () => {
    await corrupt(`delete from session_events where type = 'created'`);
    expect(await rules()).toEqual(['recorded', 'chained']);
  });

  test('an event that was changed', async () => {
    await corrupt(`update session_events set actor = 'forged' where type = 'created'`);
    expect(await rules()).toEqual(['chained']);
  });

  test('a second initial process in one session', async () => {
    await corrupt(`update processes set action = 'CodingAgentInitialRequest', passed_session_id = null where seq = 2`);
    expect(await rules()).toEqual(['conversation']);
  });

  test('two running processes with a lease in one slot', async () => {
    await corrupt(
      `update processes set status = 'running', ended_at = null`,
      `update sessions set lease_expires_at = now() + interval '1 hour' where id = '${ids.first}'`,
    );
    expect(await rules()).toEqual(['two-running']);
  });
});

function born(): Effect[] {
  return [
    { kind: 'birth', session: { id: ids.first, generation: generation(1) }, predecessor: null },
    { kind: 'birth', session: { id: ids.second, generation: generation(2) }, predecessor: ids.first },
  ];
}

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
