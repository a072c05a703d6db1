import { DEFAULT_MODEL_POLICY } from '@phaselock/core';
import type { RuleId } from '../rules.ts';
import type { Source } from '../source.ts';
import { foreignSource, type Oddity } from './neutral-history.ts';
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts';

const KIND = 'claude-server';
const ANSWERS: readonly RuleId[] = ['SV301', 'SV302', 'SV401'];

/**
 * Opens a database of Claude server. Its sessions group tasks, its tasks have the session id of the agent, and its
 * interactions belong to tasks.
 */
export function openClaudeServer(path: string): Source {
  using file = openSqliteFile(path);
  file.demand(KIND, 'sessions', 'id');
  file.demand(KIND, 'tasks', 'id', 'session_id', 'claude_session_id');
  file.demand(KIND, 'claude_interactions', 'id', 'task_id');
  const [counts] = file.rows(`
    select (select count(*) from sessions) as sessions,
           (select count(*) from sessions s where exists (select 1 from tasks t where t.session_id = s.id)) as used,
           (select count(*) from tasks) as tasks,
           (select count(*) from tasks t where exists (select 1 from sessions s where s.id = t.session_id)) as valid,
           (select count(*) from claude_interactions) as interactions`);
  const number = (name: string): number => Number(counts?.[name] ?? 0);
  return foreignSource({
    description: `${KIND} ${path} (read-only)`,
    notes: ['Models and runs are not stored, so the rules about model changes do not apply.'],
    traits: { freshStaysInThread: true, policy: DEFAULT_MODEL_POLICY },
    processes: [],
    oddities: oddities(file),
    attemptId: undefined,
    answers: new Set(ANSWERS),
    counts: {
      sessions: number('sessions'),
      sessionsWithTasks: number('used'),
      orphaned: number('sessions') - number('used'),
      tasks: number('tasks'),
      validTasks: number('valid'),
      interactions: number('interactions'),
    },
  });
}

function oddities(file: SqliteFile): Oddity[] {
  const found = (rule: RuleId, kind: Oddity['kind'], sql: string, say: (what: string) => string): Oddity[] =>
    [...file.rows(sql)].map((row) => ({
      rule,
      kind,
      id: String(row.id),
      task_id: row.task_id === null ? null : String(row.task_id),
      attempt_id: null,
      session_id: null,
      message: say(String(row.what ?? '')),
    }));
  return [
    ...found(
      'SV301',
      'task',
      `select t.id, t.id as task_id, t.session_id as what from tasks t where not exists (select 1 from sessions s where s.id = t.session_id)`,
      (what) => `its session ${what} does not exist`,
    ),
    ...found(
      'SV301',
      'process',
      `select i.id, i.task_id, i.task_id as what from claude_interactions i where not exists (select 1 from tasks t where t.id = i.task_id)`,
      (what) => `its task ${what} does not exist`,
    ),
    ...found(
      'SV401',
      'task',
      `select t.id, t.id as task_id, t.claude_session_id as what from tasks t where t.claude_session_id is not null
         and exists (select 1 from tasks o where o.claude_session_id = t.claude_session_id and o.id < t.id)`,
      (what) => `the conversation ${what} also belongs to another task`,
    ),
    ...found(
      'SV302',
      'session',
      `select s.id, null as task_id, null as what from sessions s where not exists (select 1 from tasks t where t.session_id = s.id)`,
      () => 'it has no task',
    ),
  ];
}
