import { DEFAULT_MODEL_POLICY } from '@phaselock/core';
import type { RuleId } from '../rules.ts';
import { type Counts, NotFound, type Source } from '../source.ts';
import { foreignSource, type Oddity } from './neutral-history.ts';
import { CLOCK_STEP, type ObraQuery } from './obra-query.ts';
import { obraUsageQueries } from './obra-usage.ts';
import { textOf } from './read-json.ts';
import { readSqliteFile, type SqliteFile } from './sqlite-file.ts';
import type { WantedTasks } from './wanted.ts';

const KIND = 'obra';
const ANSWERS: readonly RuleId[] = ['SV304', 'SV401', 'SV403', 'SV404', 'SV405', 'SV408', 'SV409'];

/** After this time without use, an active session counts as forgotten. Its iterations take minutes. */
const OLD_DAYS = 1;

export type Obra = { readonly path: string; readonly wanted?: WantedTasks; readonly now?: Date };

/** Opens an Obra database, which records sessions and their usage, but neither models nor how a run was started. */
export function openObra({ path, wanted = { kind: 'all' }, now = new Date() }: Obra): Source {
  const { notes, oddities, counts } = readSqliteFile(path, (file) => {
    demandTables(file);
    if (wanted.kind === 'task') demandTask(file, wanted.given);
    return { notes: file.notes, oddities: findOddities(file, wanted, now), counts: countIn(file, wanted) };
  });
  return foreignSource({
    description: `${KIND} ${path} (read-only)`,
    notes: [...notes, 'Models are not stored, so the rules about model changes do not apply.'],
    traits: { freshStaysInThread: true, policy: DEFAULT_MODEL_POLICY },
    processes: [],
    oddities,
    wanted,
    answers: new Set(ANSWERS),
    counts,
  });
}

function demandTables(file: SqliteFile): void {
  const session = ['session_id', 'project_id', 'milestone_id', 'task_id', 'started_at', 'ended_at', 'status'];
  file.demand(KIND, 'session_record', ...session, 'total_tokens', 'total_turns');
  file.demand(KIND, 'interaction', 'task_id', 'timestamp', 'agent_session_id');
}

function demandTask(file: SqliteFile, task: string): void {
  const named = `select task_id from interaction where task_id = :task union select task_id from session_record where task_id = :task`;
  if ([...file.rows(named, { task })].length === 0)
    throw new NotFound(`no session or interaction has the task ${task}`);
}

function countIn(file: SqliteFile, wanted: WantedTasks): Counts {
  const task = wanted.kind === 'task' ? wanted.given : '';
  const [counts] = file.rows(
    `with session as (
       select r.session_id, r.task_id from session_record r
       where :task = '' or r.task_id = :task or exists (select 1 from interaction i where i.agent_session_id = r.session_id and i.task_id = :task)),
     used as (select * from interaction i where :task = '' or i.task_id = :task)
     select (select count(*) from session) as sessions,
            (select count(*) from session s where s.task_id is not null or exists (select 1 from interaction i where i.agent_session_id = s.session_id)) as used,
            (select count(distinct task_id) from used) as tasks, (select count(*) from used) as interactions`,
    { task },
  );
  const number = (name: string): number => Number(counts?.[name] ?? 0);
  return {
    sessions: number('sessions'),
    sessionsWithTasks: number('used'),
    orphaned: number('sessions') - number('used'),
    tasks: number('tasks'),
    validTasks: number('tasks'),
    interactions: number('interactions'),
  };
}

const findOddities = (file: SqliteFile, wanted: WantedTasks, now: Date): Oddity[] =>
  [...ownerQueries(wanted), ...lifeQueries(now), ...obraUsageQueries(file)].flatMap(({ rule, sql }) =>
    [...file.rows(sql)].map((row) => ({
      rule,
      kind: 'session',
      id: String(row.id),
      task_id: row.task_id === null ? null : String(row.task_id),
      attempt_id: null,
      session_id: textOf(row.id),
      message: String(row.what ?? ''),
    })),
  );

/** SQL for the last time at which a session was started or used, as a Julian day. */
const LAST_USE = `max(julianday(r.started_at), coalesce((
  select max(julianday(i.timestamp)) from interaction i where i.agent_session_id = r.session_id), 0))`;

/** Sessions without a record, and sessions that another task used, or that were used after their end. */
const ownerQueries = (wanted: WantedTasks): ObraQuery[] => [
  {
    rule: 'SV403',
    sql: `
      select i.agent_session_id as id, max(i.task_id) as task_id, count(*) || ' interactions name it, but it has no session record' as what
      from interaction i
      where i.agent_session_id is not null and not exists (select 1 from session_record r where r.session_id = i.agent_session_id)
      group by i.agent_session_id`,
  },
  {
    rule: 'SV401',
    sql: `
      with reuse as (
        select r.session_id as id, r.task_id as owner, i.task_id as other, max(i.timestamp) as last
        from session_record r join interaction i on i.agent_session_id = r.session_id
        where i.task_id <> r.task_id group by r.session_id, i.task_id),
      told as (
        select *, 'it belongs to task ' || owner || ', but task ' || other || ' used it too (last at ' || last || ')' as what from reuse)
      select id, other as task_id, what from told
      ${wanted.kind === 'task' ? 'union all select id, owner, what from told' : ''}`,
  },
  {
    rule: 'SV401',
    sql: `
      select r.session_id as id, i.task_id,
             'it ended at ' || r.ended_at || ', but ' || coalesce('task ' || i.task_id, 'an interaction without a task') || ' used it at ' || max(i.timestamp) as what
      from session_record r join interaction i on i.agent_session_id = r.session_id
      where i.task_id is r.task_id or i.task_id is null or r.task_id is null
      group by r.session_id, i.task_id having max(julianday(i.timestamp)) > julianday(r.ended_at) + ${CLOCK_STEP}`,
  },
];

/** The life of each session, and its times. */
const lifeQueries = (now: Date): ObraQuery[] => [
  {
    rule: 'SV409',
    sql: `
      select r.session_id as id, i.task_id, count(*) || ' interactions are older than the session, which started at ' || r.started_at
             || '; the first was at ' || min(i.timestamp) as what
      from session_record r join interaction i on i.agent_session_id = r.session_id
      where julianday(i.timestamp) < julianday(r.started_at) - ${CLOCK_STEP}
      group by r.session_id, i.task_id`,
  },
  {
    rule: 'SV304',
    sql: `
      select r.session_id as id, r.task_id, 'its time cannot be read: ' || r.started_at as what from session_record r
      where r.started_at is not null and julianday(r.started_at) is null
      union all
      select r.session_id, r.task_id, 'its time cannot be read: ' || r.ended_at from session_record r
      where r.ended_at is not null and julianday(r.ended_at) is null
      union all
      select i.agent_session_id, max(i.task_id), 'the time of an interaction cannot be read: ' || min(i.timestamp) from interaction i
      where i.agent_session_id is not null and i.timestamp is not null and julianday(i.timestamp) is null group by i.agent_session_id`,
  },
  {
    rule: 'SV404',
    sql: `
      select id, task_id, case
          when status <> 'active' then 'it is ' || status || ', but has no end time'
          when ended_at is not null then 'it is marked as active, but it ended at ' || ended_at
          when is_followed then 'it is marked as active, but a later session replaced it'
          else 'it is marked as active, but has not been used for ' || cast(unused as integer) || ' days, since ' || datetime(last) end as what
      from (
        select r.session_id as id, r.task_id, r.status, r.ended_at, ${LAST_USE} as last, julianday('${now.toISOString()}') - ${LAST_USE} as unused,
               exists (
                 select 1 from session_record n where n.project_id is r.project_id and n.milestone_id is r.milestone_id and n.task_id is r.task_id
                 and julianday(n.started_at) > julianday(r.started_at)) as is_followed
        from session_record r)
      where (status in ('completed', 'refreshed', 'abandoned') and ended_at is null)
         or (status = 'active' and (ended_at is not null or is_followed or unused > ${OLD_DAYS}))`,
  },
];
