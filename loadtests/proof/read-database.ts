import type { Pool } from 'pg';
import type { SlotState } from '../../chaos/checkers/slot-model.ts';
import { nameOfModel } from '../../chaos/clients/models.ts';
import type { Usage } from '../../chaos/history/operation.ts';
import type { Before, FinalBoard, FinalProcess, FinalSession, FinalSessions } from '../../chaos/read-back.ts';

/** Reads the final state from PostgreSQL: everything since the start of the run that belongs to the tasks of a part. */

export type PartInDatabase = Omit<FinalSessions, 'unreadable'> & {
  readonly before: Before;
  /** When a session was purged, in milliseconds since 1970. */
  readonly purged: ReadonlyMap<string, number>;
};

type SessionRow = {
  id: string;
  slot: string;
  generation: number;
  standalone: boolean;
  agent: string;
  model: string | null;
  deleted: boolean;
  replacedBy: string | null;
  predecessor: string | null;
  before: boolean;
};
type ProcessRow = Omit<FinalProcess, 'usage'> & { session: string; usage: Usage };

const SLOT = `task_id || '/' || phase || '/' || mode`;

export async function readPart(pool: Pool, tasks: readonly string[], beganAt: Date): Promise<PartInDatabase> {
  const rows = await ask<SessionRow>(
    pool,
    `select id, ${SLOT} as slot, generation::float8 as generation, standalone, agent, model, deleted_at is not null as deleted,
            replaced_by as "replacedBy", predecessor_id as predecessor, created_at < $2 as before
     from sessions where task_id = any($1::uuid[]) and (created_at >= $2 or deleted_at is null or deleted_at >= $2)`,
    [tasks, beganAt],
  );
  const ids = rows.map(({ id }) => id);
  const processes = await ask<ProcessRow>(
    pool,
    `select id, session_id as session, attempt_id as attempt, seq::float8 as seq, status, agent_session_id as "agentId",
            passed_session_id as passed, array[input_tokens, output_tokens, turns, cost_usd_micros]::float8[] as usage
     from processes where session_id = any($1::uuid[]) and started_at >= $2 order by seq`,
    [ids, beganAt],
  );
  const events = await ask<{ session: string; id: number; type: string }>(
    pool,
    `select session_id as session, id::float8 as id, type from session_events where task_id = any($1::uuid[]) and at >= $2 order by tx, id`,
    [tasks, beganAt],
  );
  const logs = await ask<{ session: string; process: string | null; line: string }>(
    pool,
    `select session_id as session, process_id as process, line from session_logs
     where session_id = any($1::uuid[]) and at >= $2 order by id`,
    [ids, beganAt],
  );
  const comments = await ask<{ session: string; comment: string }>(
    pool,
    `select session_id as session, coalesce(comment, '') as comment from feedback
     where session_id = any($1::uuid[]) and created_at >= $2 order by id`,
    [ids, beganAt],
  );
  const purged = await ask<{ id: string; at: Date }>(
    pool,
    `select session_id as id, purged_at as at from archives where task_id = any($1::uuid[]) and purged_at >= $2`,
    [tasks, beganAt],
  );
  const by = {
    processes: Map.groupBy(processes, ({ session }) => session),
    events: Map.groupBy(events, ({ session }) => session),
    logs: Map.groupBy(logs, ({ session }) => session),
    comments: Map.groupBy(comments, ({ session }) => session),
  };
  const sessions = rows.map(({ id, agent, model, before: _, ...row }): [string, FinalSession] => [
    id,
    {
      ...row,
      id,
      model: nameOfModel({ agent, model }),
      processes: (by.processes.get(id) ?? []).map(({ session: _of, ...one }) => one),
      events: (by.events.get(id) ?? []).map(({ id: event, type }) => ({ id: event, type })),
      logs: (by.logs.get(id) ?? []).map(({ process, line }) => ({ process, line })),
      comments: (by.comments.get(id) ?? []).map(({ comment }) => comment),
      purgedAt: undefined,
    },
  ]);
  const before = rows.filter((row) => row.before).map(({ id }) => id);
  return {
    sessions: new Map(sessions),
    purged: new Map(purged.map(({ id, at }) => [id, at.getTime()])),
    before: await readBefore(pool, tasks, before, beganAt),
  };
}

async function readBefore(
  pool: Pool,
  tasks: readonly string[],
  sessions: readonly string[],
  beganAt: Date,
): Promise<Before> {
  const slots = await ask<SlotState & { slot: string }>(
    pool,
    `select ${SLOT} as slot, max(generation)::float8 as generation,
            (array_agg(id) filter (where generation > 0 and (deleted_at is null or deleted_at >= $2)))[1] as live
     from (select id, task_id, phase, mode, generation, deleted_at from sessions where task_id = any($1::uuid[]) and created_at < $2
           union all
           select session_id, task_id, phase, mode, generation, deleted_at from archives
           where task_id = any($1::uuid[]) and session_created_at < $2 and purged_at is not null) as there
     group by task_id, phase, mode having max(generation) > 0`,
    [tasks, beganAt],
  );
  const conversations = await ask<{ id: string }>(
    pool,
    `select agent_session_id as id from processes where session_id = any($1::uuid[]) and started_at < $2 and agent_session_id is not null
     union select agent_session_id from earlier_conversations where session_id = any($1::uuid[])
     union select agent_session_id from sessions where id = any($1::uuid[]) and agent_session_id is not null
     union select taken_up from sessions where id = any($1::uuid[]) and taken_up is not null`,
    [sessions, beganAt],
  );
  return {
    sessions: new Set(sessions),
    conversations: new Set(conversations.map(({ id }) => id)),
    slots: new Map(slots.map(({ slot, generation, live }) => [slot, { generation, live: live ?? undefined }])),
  };
}

export type MadeOf = {
  readonly projects: readonly string[];
  readonly projectTitles: readonly string[];
  readonly tasks: readonly string[];
};

/**
 * Reads what was created since the start of the run: projects of these names, tasks in these projects, attempts at
 * these tasks.
 */
export async function readMade(pool: Pool, of: MadeOf, beganAt: Date): Promise<FinalBoard> {
  type Row = { id: string; title: string };
  const projects = await ask<Row>(
    pool,
    'select id, name as title from projects where (name = any($1) or id = any($2::uuid[])) and created_at >= $3',
    [of.projectTitles, of.projects, beganAt],
  );
  const within = [...new Set([...of.projects, ...projects.map(({ id }) => id)])];
  const tasks = await ask<Row>(
    pool,
    'select id, title from tasks where project_id = any($1::uuid[]) and created_at >= $2',
    [within, beganAt],
  );
  const under = [...new Set([...of.tasks, ...tasks.map(({ id }) => id)])];
  const attempts = await ask<Row>(
    pool,
    `select id, coalesce(branch, '') as title from attempts where task_id = any($1::uuid[]) and created_at >= $2`,
    [under, beganAt],
  );
  const made = new Map<string, number>();
  const mapOf = (kind: string, rows: readonly Row[]) => {
    for (const { title } of rows) made.set(`${kind} ${title}`, (made.get(`${kind} ${title}`) ?? 0) + 1);
    return new Map(rows.map(({ id, title }) => [id, title]));
  };
  return { project: mapOf('project', projects), task: mapOf('task', tasks), attempt: mapOf('attempt', attempts), made };
}

/** Reads the tasks of a project, and the stream positions of all its changes in order. */
export async function readProject(pool: Pool, project: string): Promise<{ tasks: string[]; places: string[] }> {
  const tasks = await ask<{ id: string }>(pool, 'select id from tasks where project_id = $1', [project]);
  const places = await ask<{ place: string }>(
    pool,
    `select e.tx::text || '-' || e.id as place from session_events e join tasks t on t.id = e.task_id where t.project_id = $1 order by e.tx, e.id`,
    [project],
  );
  return { tasks: tasks.map(({ id }) => id), places: places.map(({ place }) => place) };
}

async function ask<Row extends object>(pool: Pool, text: string, values: unknown[]): Promise<Row[]> {
  return (await pool.query<Row>(text, values)).rows;
}
