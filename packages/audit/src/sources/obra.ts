import { DEFAULT_MODEL_POLICY } from '@phaselock/core';
import type { RuleId } from '../rules.ts';
import type { Source } from '../source.ts';
import { foreignSource, type Oddity } from './neutral-history.ts';
import { openSqliteFile, type SqliteFile } from './sqlite-file.ts';
import { textOf } from './vibe-action.ts';

const KIND = 'obra';
const ANSWERS: readonly RuleId[] = ['SV401', 'SV403', 'SV404', 'SV405'];

/** Opens an Obra database, which records sessions and their usage, but neither models nor how a run was started. */
export function openObra(path: string): Source {
  using file = openSqliteFile(path);
  file.demand(
    KIND,
    'session_record',
    'session_id',
    'project_id',
    'milestone_id',
    'task_id',
    'started_at',
    'ended_at',
    'status',
    'total_turns',
  );
  file.demand(KIND, 'interaction', 'task_id', 'timestamp', 'agent_session_id');
  const [counts] = file.rows(`
    select (select count(*) from session_record) as sessions,
           (select count(*) from session_record r where r.task_id is not null or exists (select 1 from interaction i where i.agent_session_id = r.session_id)) as used,
           (select count(distinct task_id) from interaction) as tasks, (select count(*) from interaction) as interactions`);
  const number = (name: string): number => Number(counts?.[name] ?? 0);
  return foreignSource({
    description: `${KIND} ${path} (read-only)`,
    notes: ['Models are not stored, so the rules about model changes do not apply.'],
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
      validTasks: number('tasks'),
      interactions: number('interactions'),
    },
  });
}

function oddities(file: SqliteFile): Oddity[] {
  const found = (rule: RuleId, sql: string, say: (what: string) => string): Oddity[] =>
    [...file.rows(sql)].map((row) => ({
      rule,
      kind: 'session',
      id: String(row.id),
      task_id: row.task_id === null ? null : String(row.task_id),
      attempt_id: null,
      session_id: textOf(row.id),
      message: say(String(row.what ?? '')),
    }));
  const usage = file.has('context_window_usage', 'session_id', 'cumulative_tokens')
    ? `or exists (select 1 from context_window_usage u where u.session_id = r.session_id and u.cumulative_tokens > 0)`
    : '';
  return [
    ...found(
      'SV403',
      `select i.agent_session_id as id, max(i.task_id) as task_id, count(*) as what from interaction i
       where i.agent_session_id is not null and not exists (select 1 from session_record r where r.session_id = i.agent_session_id)
       group by i.agent_session_id`,
      (what) => `${what} interactions name it, but it has no session record`,
    ),
    ...found(
      'SV401',
      `select r.session_id as id, i.task_id, max(i.timestamp) as what from session_record r join interaction i on i.agent_session_id = r.session_id
       where (r.task_id is not null and i.task_id is not r.task_id) or (r.ended_at is not null and julianday(i.timestamp) > julianday(r.ended_at))
       group by r.session_id, i.task_id`,
      (what) => `it was used again for another task, or after it had ended (${what})`,
    ),
    ...found(
      'SV404',
      `select r.session_id as id, r.task_id, r.status as what from session_record r
       where (r.status in ('completed', 'refreshed', 'abandoned') and r.ended_at is null)
          or (r.status = 'active' and r.ended_at is not null)
          or (r.status = 'active' and exists (
               select 1 from session_record n where n.project_id is r.project_id and n.milestone_id is r.milestone_id and n.task_id is r.task_id
               and julianday(n.started_at) > julianday(r.started_at)))`,
      (what) =>
        what === 'active'
          ? 'it is marked as active, but it has ended or a later session replaced it'
          : `it is ${what}, but has no end time`,
    ),
    ...found(
      'SV405',
      `select r.session_id as id, r.task_id, null as what from session_record r
       where r.total_turns = 0 and (
         exists (select 1 from interaction i where i.agent_session_id = r.session_id)
         or (r.milestone_id is not null and exists (
              select 1 from session_record o where o.milestone_id = r.milestone_id and o.session_id <> r.session_id and o.task_id is not null and r.task_id is null))
         ${usage})`,
      () => 'it has no recorded usage, although work was done in it',
    ),
  ];
}
