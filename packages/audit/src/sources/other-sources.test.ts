import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { findingsOf } from '../../test/findings-of.ts';
import { makeVibeKanban } from '../../test/vibe-database.ts';
import type { Finding } from '../finding.ts';
import { NotFound, type Source } from '../source.ts';
import { openClaudeServer } from './claude-server.ts';
import { openObra } from './obra.ts';
import { openVibeKanban } from './vibe-kanban.ts';
import type { WantedTasks } from './wanted.ts';

async function withDatabase<Answer>(sql: string, work: (path: string) => Promise<Answer>): Promise<Answer> {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'db.sqlite');
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
  return await work(path);
}

type Open = (at: { readonly path: string; readonly wanted?: WantedTasks }) => Source;

const findAll = (sql: string, open: Open, wanted: WantedTasks = { kind: 'all' }): Promise<Finding[]> =>
  withDatabase(sql, async (path) => await findingsOf(open({ path, wanted })));

const faults = async (sql: string, open: Open, wanted?: WantedTasks): Promise<string[]> =>
  (await findAll(sql, open, wanted)).map(({ rule, subject }) => `${rule} ${subject.id}`).toSorted();

/** Shortly after the last entry of the database. */
const NOW = new Date('2026-01-02T11:00:00Z');
const obra: Open = (at) => openObra({ ...at, now: NOW });

const OBRA = `
  create table session_record (
    id integer primary key, session_id varchar(64) unique not null, project_id integer, milestone_id integer, task_id integer,
    started_at text, ended_at text, status text, total_tokens integer, total_turns integer, total_cost_usd real);
  create table interaction (id integer primary key, project_id integer, task_id integer, source text, timestamp text, agent_session_id text, total_tokens integer);
  create table context_window_usage (id integer primary key, session_id text, task_id integer, cumulative_tokens integer, timestamp text);
  insert into session_record values (1, 'a', 1, 1, 10, '2026-01-01 10:00:00', '2026-01-01 11:00:00', 'completed', 100, 3, 0.1);
  insert into interaction values (1, 1, 10, 'agent', '2026-01-01 10:30:00', 'a', 100);`;

describe('Obra', () => {
  test.each([
    ['nothing for a healthy database', '', []],
    [
      'SV403 for an id without a session record',
      `insert into interaction values (2, 1, 10, 'agent', '2026-01-01 10:40:00', 'gone', 1)`,
      ['SV403 gone'],
    ],
    [
      'SV401 for a session that a later task used after its end',
      `insert into interaction values (2, 1, 11, 'agent', '2026-01-02 10:00:00', 'a', 1);
       update session_record set total_tokens = 101`,
      ['SV401 a'],
    ],
    [
      'SV401 for a session that its own task used after its end',
      `insert into interaction values (2, 1, 10, 'agent', '2026-01-02 10:00:00', 'a', 0)`,
      ['SV401 a'],
    ],
    [
      'SV404 for an active session that a later one replaced',
      `insert into session_record values (2, 'b', 1, 2, 12, '2026-01-02T09:00:00+00:00', null, 'active', 1, 1, 0);
       insert into session_record values (3, 'c', 1, 2, 12, '2026-01-02 10:00:00', null, 'active', 1, 1, 0)`,
      ['SV404 b'],
    ],
    [
      'SV404 for a completed session without an end time',
      `insert into session_record values (2, 'b', 1, 2, 12, '2026-01-01', null, 'completed', 1, 1, 0)`,
      ['SV404 b'],
    ],
    [
      'SV404 for a session that has been active for long',
      `insert into session_record values (2, 'b', 1, 2, 12, '2025-12-20 09:00:00', null, 'active', 1, 1, 0)`,
      ['SV404 b'],
    ],
    [
      'nothing for an active session that was used today',
      `insert into session_record values (2, 'b', 1, 2, 12, '2025-12-20 09:00:00', null, 'active', 5, 1, 0);
       insert into interaction values (2, 1, 12, 'agent', '2026-01-02 10:40:00', 'b', 5)`,
      [],
    ],
    [
      'SV405 for an epic without usage whose iterations ran',
      `insert into session_record values (2, 'epic', 1, 5, null, '2026-01-01', '2026-01-02', 'completed', 0, 0, 0);
       insert into session_record values (3, 'iteration', 1, 5, 13, '2026-01-01', '2026-01-02', 'completed', 10, 1, 0)`,
      ['SV405 epic'],
    ],
    [
      'SV405 for an epic without usage during which iterations without a milestone ran',
      `insert into session_record values (2, 'epic', 1, 5, null, '2026-01-01 12:00:00', '2026-01-02', 'completed', 0, 0, 0);
       insert into session_record values (3, 'iteration', 1, null, 13, '2026-01-01 13:00:00', '2026-01-02', 'completed', 10, 1, 0)`,
      ['SV405 epic'],
    ],
    [
      'nothing for an epic without usage whose tasks did not run',
      `create table task (id integer primary key, epic_id integer); insert into task values (13, 5), (14, 6);
       insert into session_record values (2, 'epic', 1, 5, null, '2026-01-01 12:00:00', '2026-01-02', 'completed', 0, 0, 0);
       insert into session_record values (3, 'other', 1, null, 14, '2026-01-01 13:00:00', '2026-01-02', 'completed', 10, 1, 0)`,
      [],
    ],
    [
      'SV405 for a session without usage that had interactions',
      `update session_record set total_tokens = 0, total_turns = 0`,
      ['SV405 a'],
    ],
    ['SV405 for a total above that of the interactions', `update session_record set total_tokens = 140`, ['SV405 a']],
    ['SV405 for a total below that of the interactions', `update session_record set total_tokens = 60`, ['SV405 a']],
    [
      'nothing for the total of an active session, which is written before its interaction',
      `update session_record set total_tokens = 140, status = 'active', ended_at = null;
       update interaction set timestamp = '2026-01-02 10:00:00'`,
      [],
    ],
    ['nothing for a total beside an interaction without a number', `update interaction set total_tokens = null`, []],
    [
      'SV408 for usage of a session without a record',
      `insert into context_window_usage values (1, 'a', 10, 100, '2026-01-01 10:30:00'), (2, 'gone', 10, 5, '2026-01-01 10:30:00')`,
      ['SV408 gone'],
    ],
    [
      'SV409 for an interaction before its session',
      `update session_record set started_at = '2026-01-01 10:30:01.500'`,
      ['SV409 a'],
    ],
    [
      'nothing for an interaction in the first second of its session, as its time has no fraction',
      `update session_record set started_at = '2026-01-01 10:30:00.999'`,
      [],
    ],
    ['SV304 for a time that cannot be read', `update session_record set started_at = 'yesterday'`, ['SV304 a']],
  ])('reports %s', async (_what, sql, expected) => {
    expect(await faults(OBRA + sql, obra)).toEqual(expected);
  });

  test.each([
    [
      'the other task',
      `insert into interaction values (2, 1, 11, 'agent', '2026-01-01 10:50:00', 'a', 0)`,
      'it belongs to task 10, but task 11 used it too (last at 2026-01-01 10:50:00)',
    ],
    [
      'the age of an active session',
      `insert into session_record values (2, 'b', 1, 2, 12, '2025-12-20 11:00:00', null, 'active', 1, 1, 0)`,
      'it is marked as active, but has not been used for 13 days, since 2025-12-20 11:00:00',
    ],
    ['both totals', `update session_record set total_tokens = 60`, 'it has 60 tokens, but its 1 interactions have 100'],
  ])('names %s', async (_what, sql, message) => {
    expect((await findAll(OBRA + sql, obra)).map((one) => one.message)).toEqual([message]);
  });

  test('compares turns where interactions have them', async () => {
    const sql = `${OBRA} alter table interaction add column num_turns integer; update interaction set num_turns = 2`;
    expect((await findAll(sql, obra)).map((one) => one.message)).toEqual([
      'it has 3 turns, but its 1 interactions have 2',
    ]);
  });

  test('finds a shared session in the audit of either task, and nothing for others', async () => {
    const sql = `${OBRA} insert into interaction values (2, 1, 11, 'agent', '2026-01-01 10:50:00', 'a', 0), (3, 1, 12, 'agent', '2026-01-01 10:50:00', null, 0)`;
    expect(await faults(sql, obra, { kind: 'task', given: '10' })).toEqual(['SV401 a']);
    expect(await faults(sql, obra, { kind: 'task', given: '11' })).toEqual(['SV401 a']);
    expect(await faults(sql, obra, { kind: 'task', given: '12' })).toEqual([]);
    await expect(findAll(sql, obra, { kind: 'task', given: '13' })).rejects.toThrow(NotFound);
  });
});

const CLAUDE_SERVER = `
  create table sessions (id varchar(36) primary key, project_path text not null);
  create table tasks (id text primary key, task_name text unique, session_id varchar(36) not null, status text, claude_session_id text);
  create table claude_interactions (id integer primary key, task_id text not null, interaction_type text, content text, created_at text);
  insert into sessions values ('s1', '/a'); insert into tasks values ('t1', 'one', 's1', 'done', 'c1'); insert into claude_interactions values (1, 't1', 'x', 'y', 'z');`;

describe('Claude server', () => {
  test.each([
    ['nothing for a healthy database', '', []],
    ['SV302 for a session without tasks', `insert into sessions values ('s2', '/b')`, ['SV302 s2']],
    ['SV301 for a task without session', `insert into tasks values ('t2', 'two', 'gone', 'done', null)`, ['SV301 t2']],
    ['SV401 for a shared conversation', `insert into tasks values ('t2', 'two', 's1', 'done', 'c1')`, ['SV401 t2']],
    [
      'SV301 for an interaction of a deleted task',
      `insert into claude_interactions values (2, 'gone', 'x', 'y', 'z')`,
      ['SV301 2'],
    ],
  ])('reports %s', async (_what, sql, expected) => {
    expect(await faults(CLAUDE_SERVER + sql, openClaudeServer)).toEqual(expected);
  });

  test('names both tasks of a shared conversation, in the audit of either', async () => {
    const sql = `${CLAUDE_SERVER} insert into tasks values ('t2', 'two', 's1', 'done', 'c1'), ('t3', 'three', 's1', 'done', null)`;
    for (const given of ['t1', 't2']) {
      const [found] = await findAll(sql, openClaudeServer, { kind: 'task', given });
      expect(found).toMatchObject({
        subject: { id: 't2' },
        taskId: given,
        message: 'the conversation c1 of task t2 belongs to task t1 too',
      });
    }
    expect(await faults(sql, openClaudeServer, { kind: 'task', given: 't3' })).toEqual([]);
    await expect(findAll(sql, openClaudeServer, { kind: 'task', given: 't4' })).rejects.toThrow(NotFound);
  });

  test('counts sessions, tasks and interactions', async () => {
    await withDatabase(`${CLAUDE_SERVER} insert into sessions values ('s2', '/b')`, async (path) => {
      await using source = openClaudeServer({ path });
      expect(await source.count()).toEqual({
        sessions: 2,
        sessionsWithTasks: 1,
        orphaned: 1,
        tasks: 1,
        validTasks: 1,
        interactions: 1,
      });
      await using ofTask = openClaudeServer({ path, wanted: { kind: 'task', given: 't1' } });
      expect(await ofTask.count()).toMatchObject({ sessions: 1, orphaned: 0, tasks: 1, interactions: 1 });
    });
  });
});

describe('a file that cannot be audited is refused with the reason', () => {
  const openAll = (path: string): Source => openVibeKanban({ path, profiles: undefined, wanted: { kind: 'all' } });

  test('missing file', () => {
    expect(() => openAll('/no/such/file.sqlite')).toThrow('does not exist');
  });

  test('not an SQLite file', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db.sqlite');
    writeFileSync(
      path,
      'this is a text, and longer than the hundred bytes that begin a database file of SQLite, so it is read as far as that',
    );
    expect(() => openAll(path)).toThrow('it is not an SQLite database');
  });

  test('database of another program', async () => {
    await withDatabase('create table notes (id integer)', async (path) => {
      expect(() => openAll(path)).toThrow('is not a vibe-kanban database: the table execution_processes is missing');
    });
  });

  test('database of an unknown version', async () => {
    await withDatabase('create table execution_processes (id blob, run_reason text)', async (path) => {
      expect(() => openAll(path)).toThrow('execution_processes.executor_action is missing');
    });
  });

  test.each([
    ['truncated', (bytes: Buffer) => bytes.subarray(0, bytes.length - 4096)],
    [
      'overwritten in the middle',
      (bytes: Buffer) => Buffer.concat([bytes.subarray(0, 4096), Buffer.alloc(4096, 0xff), bytes.subarray(8192)]),
    ],
  ])('database file that is %s', async (_what, spoil) => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'db.sqlite');
    makeVibeKanban(
      path,
      Array.from({ length: 40 }, () => ({})),
    );
    const database = new DatabaseSync(path);
    database.exec('pragma wal_checkpoint(truncate); pragma journal_mode = delete; vacuum');
    database.close();
    writeFileSync(path, spoil(readFileSync(path)));
    expect(() => openAll(path)).toThrow(/damaged/);
  });

  test('database locked by another program', async () => {
    await withDatabase('create table execution_processes (id blob)', async (path) => {
      const other = new DatabaseSync(path);
      other.exec('begin exclusive');
      expect(() => openAll(path)).toThrow('it is locked by another program');
      other.close();
    });
  });
});
