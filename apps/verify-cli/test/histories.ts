import { DatabaseSync } from 'node:sqlite';
import { aStart, aTurn, begin, OPUS, replaceBy, runTurn, SONNET, type TestGuard } from '@phaselock/testkit';

/** One attempt: two turns with one model, then a replacement by another model. */
export async function twoCases({ guard, world }: TestGuard) {
  const taskId = await world.task();
  const attempt = await world.attempt(taskId);
  const first = await begin(guard, aStart(taskId, SONNET));
  await runTurn(guard, aTurn(first, attempt), `a-${taskId}`);
  await runTurn(guard, aTurn(first, attempt), `b-${taskId}`);
  const second = await replaceBy(guard, aStart(taskId, OPUS));
  const { processId } = await runTurn(guard, aTurn(second, attempt), `c-${taskId}`);
  return { attemptId: attempt, taskId, first: first.id, second: second.id, processId };
}

/** Adds sessions which each name a conversation that no process reported: one SV402 for each. */
export async function addMisnamed({ guard }: TestGuard, like: string, count: number, prefix = 'nobody'): Promise<void> {
  await guard.database.pool.pg.query(
    `insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at, agent_session_id)
     select gen_random_uuid(), task_id, phase, mode, agent, 'ready', 0, false, now(), now(), $3 || '-' || n
     from sessions, generate_series(1, $2::int) n where id = $1`,
    [like, count, prefix],
  );
}

/** Makes the session name a conversation that no process reported (SV402). */
export async function misname({ guard }: TestGuard, session: string, name: string): Promise<void> {
  await guard.database.pool.pg.query('update sessions set agent_session_id = $2 where id = $1', [session, name]);
}

/** Names the conversation again that the newest process of the session reported. */
export async function nameAgain({ guard }: TestGuard, session: string): Promise<void> {
  await guard.database.pool.pg.query(
    `update sessions s set agent_session_id = (
       select p.agent_session_id from processes p where p.session_id = s.id and p.agent_session_id is not null order by p.seq desc limit 1)
     where s.id = $1`,
    [session],
  );
}

/** An Obra database with one session and one interaction, and no fault. */
export function makeObra(path: string): void {
  using database = new DatabaseSync(path);
  database.exec(`
    create table session_record (
      id integer primary key, session_id varchar(64) unique not null, project_id integer, milestone_id integer, task_id integer,
      started_at text, ended_at text, status text, total_tokens integer, total_turns integer, total_cost_usd real);
    create table interaction (id integer primary key, project_id integer, task_id integer, source text, timestamp text, agent_session_id text, total_tokens integer);
    create table context_window_usage (id integer primary key, session_id text, task_id integer, cumulative_tokens integer, timestamp text);
    insert into session_record values (1, 'a', 1, 1, 10, '2026-01-01 10:00:00', '2026-01-01 11:00:00', 'completed', 100, 3, 0.1);
    insert into interaction values (1, 1, 10, 'agent', '2026-01-01 10:30:00', 'a', 100)`);
}
