import { DEFAULT_MODEL_POLICY } from '@phaselock/core';
import type { RuleId } from '../rules.ts';
import { type Counts, NotFound, type Source } from '../source.ts';
import { foreignSource, type Oddity } from './neutral-history.ts';
import { readSqliteFile, type SqliteFile } from './sqlite-file.ts';
import type { WantedTasks } from './wanted.ts';

const KIND = 'claude-server';
const ANSWERS: readonly RuleId[] = ['SV301', 'SV302', 'SV401'];

export type ClaudeServer = { readonly path: string; readonly wanted?: WantedTasks };

/**
 * Opens a database of Claude server. Its sessions group tasks, its tasks have the session id of the agent, and its
 * interactions belong to tasks.
 */
export function openClaudeServer({ path, wanted = { kind: 'all' } }: ClaudeServer): Source {
  const { notes, oddities, counts } = readSqliteFile(path, (file) => {
    file.demand(KIND, 'sessions', 'id');
    file.demand(KIND, 'tasks', 'id', 'session_id', 'claude_session_id');
    file.demand(KIND, 'claude_interactions', 'id', 'task_id');
    if (
      wanted.kind === 'task' &&
      [...file.rows('select 1 from tasks where id = :task', { task: wanted.given })].length === 0
    )
      throw new NotFound(`there is no task ${wanted.given}`);
    return { notes: file.notes, oddities: findOddities(file, wanted), counts: countIn(file, wanted) };
  });
  return foreignSource({
    description: `${KIND} ${path} (read-only)`,
    notes: [...notes, 'Models and runs are not stored, so the rules about model changes do not apply.'],
    traits: { freshStaysInThread: true, policy: DEFAULT_MODEL_POLICY },
    processes: [],
    oddities,
    wanted,
    answers: new Set(ANSWERS),
    counts,
  });
}

function countIn(file: SqliteFile, wanted: WantedTasks): Counts {
  const task = wanted.kind === 'task' ? wanted.given : '';
  const [counts] = file.rows(
    `with task as (select * from tasks where :task = '' or id = :task),
     session as (select id from sessions where :task = '' or id in (select session_id from task))
     select (select count(*) from session) as sessions,
            (select count(*) from session s where exists (select 1 from tasks t where t.session_id = s.id)) as used,
            (select count(*) from task) as tasks,
            (select count(*) from task t where exists (select 1 from sessions s where s.id = t.session_id)) as valid,
            (select count(*) from claude_interactions where :task = '' or task_id = :task) as interactions`,
    { task },
  );
  const number = (name: string): number => Number(counts?.[name] ?? 0);
  return {
    sessions: number('sessions'),
    sessionsWithTasks: number('used'),
    orphaned: number('sessions') - number('used'),
    tasks: number('tasks'),
    validTasks: number('valid'),
    interactions: number('interactions'),
  };
}

function findOddities(file: SqliteFile, wanted: WantedTasks): Oddity[] {
  const found = (rule: RuleId, kind: Oddity['kind'], sql: string): Oddity[] =>
    [...file.rows(sql)].map((row) => ({
      rule,
      kind,
      id: String(row.id),
      task_id: row.task_id === null ? null : String(row.task_id),
      attempt_id: null,
      session_id: null,
      message: String(row.what ?? ''),
    }));
  return [
    ...found(
      'SV301',
      'task',
      `select t.id, t.id as task_id, 'its session ' || t.session_id || ' does not exist' as what
       from tasks t where not exists (select 1 from sessions s where s.id = t.session_id)`,
    ),
    ...found(
      'SV301',
      'process',
      `select i.id, i.task_id, 'its task ' || i.task_id || ' does not exist' as what
       from claude_interactions i where not exists (select 1 from tasks t where t.id = i.task_id)`,
    ),
    ...found(
      'SV401',
      'task',
      // The finding is about the later task; the audit of the first one shows it too.
      `with shared as (
         select t.id, o.id as first, 'the conversation ' || t.claude_session_id || ' of task ' || t.id || ' belongs to task ' || o.id || ' too' as what
         from tasks t join tasks o on o.rowid = (
           select min(f.rowid) from tasks f where f.claude_session_id = t.claude_session_id)
         where t.claude_session_id <> '' and o.rowid <> t.rowid)
       select id, id as task_id, what from shared
       ${wanted.kind === 'task' ? 'union all select id, first, what from shared' : ''}`,
    ),
    ...found(
      'SV302',
      'session',
      `select s.id, null as task_id, 'it has no task' as what
       from sessions s where not exists (select 1 from tasks t where t.session_id = s.id)`,
    ),
  ];
}
