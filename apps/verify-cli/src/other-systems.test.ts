import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { spawnNode, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';

const MAIN = resolve(import.meta.dirname, 'main.ts');

/** Two tasks that share a conversation, and a third one. */
const TASKS = `
  pragma journal_mode = wal;
  create table sessions (id text primary key, project_path text not null);
  create table tasks (id text primary key, task_name text, session_id text not null, status text, claude_session_id text);
  create table claude_interactions (id integer primary key, task_id text not null, content text);
  insert into sessions values ('s', '/a');
  insert into tasks values ('t1', 'one', 's', 'done', 'c'), ('t2', 'two', 's', 'done', 'c'), ('t3', 'three', 's', 'done', null)`;

test.each([
  [['--all'], 2, 'the conversation c of task t2 belongs to task t1 too'],
  [['--task', 't1'], 2, 'the conversation c of task t2 belongs to task t1 too'],
  [['--task', 't2'], 2, 'the conversation c of task t2 belongs to task t1 too'],
  [['--task', 't3'], 0, 'OK'],
  [['--task', 't4'], 3, 'there is no task t4'],
  [['a1'], 64, 'claude-server has no attempts; use --task or --all'],
  [['--sample', '5%'], 64, 'with --source, only an attempt, --task or --all can be audited'],
])('%j on the database of another system exits with %i and leaves its files as they are', async (args, code, said) => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'db.sqlite');
  const database = new DatabaseSync(path);
  database.exec(TASKS);
  database.close();
  const before = readFileSync(path);
  await using run = spawnNode(MAIN, { args: [...args, '--source', `claude-server:${path}`], env: {} });
  const exited = await run.exited;
  expect(`${run.stdout()}${run.stderr()}`.replaceAll(/\s+/g, ' ')).toContain(said);
  expect(exited.code).toBe(code);
  expect(readdirSync(directory.path)).toEqual(['db.sqlite']);
  expect(readFileSync(path)).toEqual(before);
});
