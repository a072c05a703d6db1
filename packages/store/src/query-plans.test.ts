import {
  parseAgentSessionId,
  parseAttemptId,
  parseProjectId,
  parseSessionId,
  parseTaskId,
  type SessionId,
} from '@phaselock/core';
import { createTestDatabase, type TestDatabase } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readArchiveStanding } from './archive/standing.ts';
import { readChangesOf } from './change-feed.ts';
import { type Database, openDatabase } from './database.ts';
import { readFeedback } from './feedback.ts';
import { readLatestSessions } from './latest-sessions.ts';
import { countLegacyDuplicates } from './legacy-duplicates.ts';
import { listSessions } from './list-sessions.ts';
import { readEventPage, readLogs, readProcesses, readProcessPage } from './session-history.ts';
import { readSlotState, readSlotStates } from './slot-state.ts';
import { readTurnState } from './turn-state.ts';

const must = <Value>(value: Value | undefined): Value => {
  if (value === undefined) throw new Error('there is none');
  return value;
};

const id = (group: number, number: number): string =>
  `${String(group).padStart(8, '0')}-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
const TASKS = 4_000;
const taskId = (number: number) => must(parseTaskId(id(1, number)));

// Each task has a guarded live session with four processes, a legacy session in another slot, and two deleted ones.
const FILL = `
  insert into projects (id, name) select ${uuidOf(9, 'n')}, 'p' from generate_series(1, 20) n;
  insert into tasks (id, project_id, title) select ${uuidOf(1, 'n')}, ${uuidOf(9, '1 + n % 20')}, 't' from generate_series(1, ${TASKS}) n;
  insert into attempts (id, task_id) select ${uuidOf(2, 'n')}, ${uuidOf(1, 'n')} from generate_series(1, ${TASKS}) n;
  insert into sessions (id, task_id, phase, mode, agent, model, status, generation, guarded, created_at, updated_at, deleted_at, deleted_reason)
    select ${uuidOf(3, 'n * 8 + k')}, ${uuidOf(1, 'n')}, case when k < 4 then 'run' else 'plan' end, 'standard', 'codex', 'm', 'ready', k, k < 4, now(), now(),
           case when k in (1, 2) then now() end, case when k in (1, 2) then 'deleted' end
    from generate_series(1, ${TASKS}) n, generate_series(1, 4) k;
  insert into slots (task_id, phase, mode, generation, version, live_session_id)
    select ${uuidOf(1, 'n')}, 'run', 'standard', 3, 3, ${uuidOf(3, 'n * 8 + 3')} from generate_series(1, ${TASKS}) n;
  insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, agent_session_id, agent, parameters, generation, status, started_at, ended_at)
    select ${uuidOf(4, 'n * 8 + k')}, ${uuidOf(1, 'n')}, ${uuidOf(2, 'n')}, ${uuidOf(3, 'n * 8 + 3')}, k, 'CodingAgentFollowUpRequest', 'same-model',
           'a' || n || '.' || k - 1, 'a' || n || '.' || k, 'codex', '{}', 3, 'completed', now(), now()
    from generate_series(1, ${TASKS}) n, generate_series(1, 4) k;
  insert into earlier_conversations (agent_session_id, process_id, session_id)
    select 'e' || n, ${uuidOf(4, 'n * 8 + 2')}, ${uuidOf(3, 'n * 8 + 3')} from generate_series(1, ${TASKS}) n;
  insert into session_logs (session_id, kind, line) select ${uuidOf(3, 'n * 8 + 3')}, 'stdout', 'x' from generate_series(1, ${TASKS}) n, generate_series(1, 3);
  insert into session_events (session_id, task_id, phase, mode, type, generation, at)
    select ${uuidOf(3, 'n * 8 + 3')}, ${uuidOf(1, 'n')}, 'run', 'standard', 'created', 1, now() from generate_series(1, ${TASKS}) n, generate_series(1, 3);
  insert into feedback (session_id, rating) select ${uuidOf(3, 'n * 8 + 3')}, 'good' from generate_series(1, ${TASKS}) n, generate_series(1, 3);
  analyze;`;

function uuidOf(group: number, number: string): string {
  return `('${String(group).padStart(8, '0')}-0000-7000-8000-' || lpad(to_hex(${number}), 12, '0'))::uuid`;
}

describe('on large tables', () => {
  let database: TestDatabase;
  let store: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
    // One connection, because each connection flushes only its own scan counts.
    store = openDatabase({ url: database.url, maxSize: 1 });
    await store.pool.pg.query(FILL);
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  type Scans = { readonly whole: readonly string[]; readonly by: readonly string[] };

  /** Returns the tables that the work scans sequentially (`whole`), and the indexes it uses (`by`). */
  async function scansOf(work: () => Promise<unknown>): Promise<Scans> {
    const counts = async () => {
      await store.pool.pg.query('select pg_stat_force_next_flush()');
      const { rows } = await store.pool.pg.query<{ name: string; whole: boolean; scans: number }>(
        `select relname as name, true as whole, seq_scan::int as scans from pg_stat_user_tables
         union all select indexrelname, false, idx_scan::int from pg_stat_user_indexes`,
      );
      return rows;
    };
    const before = new Map((await counts()).map(({ name, scans }) => [name, scans]));
    await work();
    const grown = (await counts()).filter(({ name, scans }) => scans > (before.get(name) ?? 0));
    const named = (wanted: boolean) => grown.filter(({ whole }) => whole === wanted).map(({ name }) => name);
    return { whole: named(true), by: named(false) };
  }

  const live = (number: number): SessionId => must(parseSessionId(id(3, number * 8 + 3)));

  test('the state of a slot is read by primary keys', async () => {
    const slot = { taskId: taskId(7), phase: 'run', mode: 'standard' } as const;
    const { whole, by } = await scansOf(async () => {
      expect(await readSlotState(store, slot)).toMatchObject({ generation: 3, live: { id: live(7) } });
    });
    expect(whole.filter((table) => table !== 'models')).toEqual([]);
    expect(by).toEqual(expect.arrayContaining(['slots_pkey', 'sessions_pkey']));
  });

  test('a legacy session is read by its index', async () => {
    const slot = { taskId: taskId(7), phase: 'plan', mode: 'standard' } as const;
    const { whole, by } = await scansOf(async () => {
      expect(await readSlotState(store, slot)).toMatchObject({ generation: 0, live: { guarded: false } });
    });
    expect(whole.filter((table) => table !== 'models')).toEqual([]);
    expect(by).toContain('sessions_legacy_live');
  });

  test('legacy duplicates are counted without a sequential scan', async () => {
    const { whole } = await scansOf(async () => {
      expect(await countLegacyDuplicates(store.kysely)).toBe(0);
    });
    expect(whole).toEqual([]);
  });

  test.each([1, 100])('the latest sessions of %d tasks are read without a sequential scan', async (many) => {
    const taskIds = Array.from({ length: many }, (_, index) => taskId(index + 1));
    const { whole, by } = await scansOf(async () => {
      expect((await readLatestSessions(store, taskIds)).items).toHaveLength(2 * many);
    });
    expect(whole.filter((table) => table !== 'models')).toEqual([]);
    expect(by.some((index) => index.startsWith('sessions_'))).toBe(true);
  });

  test.each([
    ['of a task', { taskId: taskId(5) }, 2],
    ['of a task including deleted ones', { taskId: taskId(5), includeDeleted: true }, 4],
    ['without a filter', {}, 50],
    ['with a status', { status: 'ready' as const }, 50],
  ])('a page of sessions %s is read without a sequential scan', async (_, filter, length) => {
    const { whole } = await scansOf(async () => {
      expect((await listSessions(store.kysely, filter, { limit: 50 })).items).toHaveLength(length);
    });
    expect(whole).not.toContain('sessions');
  });

  test('a page of sessions of a project is read without a sequential scan', async () => {
    const projectId = must(parseProjectId(id(9, 3)));
    const { whole } = await scansOf(async () => {
      expect((await listSessions(store.kysely, { projectId }, { limit: 50 })).items).toHaveLength(50);
    });
    expect(whole).not.toContain('sessions');
  });

  test('the state of a turn, and a retry by its id, is read by indexes', async () => {
    const { whole, by } = await scansOf(async () => {
      const attemptId = must(parseAttemptId(id(9, 2)));
      const preRetryId = must(parseAgentSessionId('a9.2'));
      const state = await readTurnState(store, { sessionId: live(9), preRetryId, attemptId });
      expect(state?.history.map(({ seq }) => seq).toSorted()).toEqual([2, 4]);
    });
    expect(whole.filter((table) => table !== 'models')).toEqual([]);
    expect(by).toEqual(expect.arrayContaining(['sessions_pkey', 'processes_by_session']));
  });

  test('a retry by an id that a process reported before its present one is read by indexes', async () => {
    const { whole, by } = await scansOf(async () => {
      const attemptId = must(parseAttemptId(id(9, 2)));
      const preRetryId = must(parseAgentSessionId('e9'));
      const { history = [] } = (await readTurnState(store, { sessionId: live(9), preRetryId, attemptId })) ?? {};
      expect(history.map(({ seq, agentSessionId }) => [seq, agentSessionId])).toEqual([
        [4, 'a9.4'],
        [2, 'e9'],
      ]);
      const elsewhere = await readTurnState(store, { sessionId: live(8), preRetryId, attemptId });
      expect(elsewhere?.history.map(({ place }) => place)).toEqual(['here', 'elsewhere']);
    });
    expect(whole.filter((table) => table !== 'models')).toEqual([]);
    expect(by).toContain('earlier_conversations_pkey');
  });

  test('processes, logs and many slot states are read by indexes', async () => {
    const { whole } = await scansOf(async () => {
      expect(await readProcesses(store.kysely, live(11))).toHaveLength(4);
      expect((await readLogs(store.kysely, live(11), { after: 0, upTo: 2 ** 40, limit: 10 })).items).toHaveLength(3);
      const slots = [12, 13, 14].map((number) => ({ taskId: taskId(number), phase: 'run', mode: 'standard' }) as const);
      expect(await readSlotStates(store, slots)).toHaveLength(3);
    });
    expect(whole.filter((table) => table !== 'models')).toEqual([]);
  });

  test('pages of the history of a session are read by indexes', async () => {
    const { whole, by } = await scansOf(async () => {
      const session = { taskId: taskId(11), sessionId: live(11) };
      expect((await readProcessPage(store.kysely, live(11), { limit: 2, after: 1 })).items).toHaveLength(2);
      expect((await readEventPage(store.kysely, session, { limit: 2, after: 1 })).items).toHaveLength(2);
      expect(await readFeedback(store.kysely, live(11), { limit: 2, after: 1 })).toHaveLength(2);
    });
    expect(whole.filter((table) => table !== 'models')).toEqual([]);
    expect(by).toEqual(
      expect.arrayContaining(['processes_by_session', 'session_events_by_task', 'feedback_by_session']),
    );
  });

  test('the changes of a small project are read by its tasks, with many earlier changes of other projects', async () => {
    const projectId = must(parseProjectId(id(9, 3)));
    const { whole, by } = await scansOf(async () => {
      const changes = await readChangesOf(store, { kind: 'project', projectId }, { tx: 0n, id: 0 }, 1_000);
      expect(changes).toHaveLength((3 * TASKS) / 20);
    });
    expect(whole).not.toContain('session_events');
    expect(by).toContain('session_events_by_task');
    expect(by).not.toContain('session_events_pkey');
  });

  // Last, because it changes the data of the other tests.
  test('the metrics of the purge worker are read by indexes, with many archived sessions and many runs', async () => {
    await store.pool.pg.query(`
      update sessions set archived_at = now() where deleted_at is not null and task_id > ${uuidOf(1, '20')};
      insert into archive_runs (id, worker, started_at, finished_at, failed)
        select ${uuidOf(5, 'n')}, 'w', now() - n * interval '1 day', case when n % 500 <> 0 then now() - n * interval '1 day' end, n % 2
        from generate_series(1, 4000) n;
      analyze sessions, archive_runs;`);
    const { whole } = await scansOf(async () => {
      const standing = await readArchiveStanding(store.kysely, 0);
      expect(standing).toMatchObject({ backlog: 40, deadLetters: 0, lastOutcome: 'failed' });
    });
    expect(whole).toEqual([]);
  });
});
