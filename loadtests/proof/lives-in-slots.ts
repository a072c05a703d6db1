import type { Pool } from 'pg';
import type { CheckedRule } from '../../chaos/check-history.ts';
import { createFindings } from '../../chaos/checkers/checker.ts';

type Counted = { readonly lives: number; readonly pairs: number };
type Overlap = { readonly slot: string; readonly one: string; readonly other: string };

/** The lifetimes of the sessions of each slot, from creation to deletion, each with the session that follows it. */
const LIVES = `
  with lives as (
    select task_id, phase, mode, generation, id, created_at, deleted_at from sessions
      where task_id = any($1::uuid[]) and guarded and not standalone
    union all
    select task_id, phase, mode, generation, session_id, session_created_at, deleted_at from archives
      where task_id = any($1::uuid[]) and purged_at is not null and generation > 0
  ), followed as (
    select *, lead(id) over in_order as next_id, lead(created_at) over in_order as next_at from lives
      window in_order as (partition by task_id, phase, mode order by generation, created_at, id)
  )`;

/** Checks from the database rows alone that no slot ever had two live sessions. */
export async function checkLives(pool: Pool, tasks: readonly string[]): Promise<CheckedRule> {
  const findings = createFindings();
  const counted = await pool.query<Counted>(
    `${LIVES} select count(*)::float8 as lives, count(next_id)::float8 as pairs from followed`,
    [tasks],
  );
  const overlaps = await pool.query<Overlap>(
    `${LIVES} select task_id || '/' || phase || '/' || mode as slot, id as one, next_id as other from followed
     where next_id is not null and (deleted_at is null or deleted_at > next_at) limit 25`,
    [tasks],
  );
  for (const { slot, one, other } of overlaps.rows)
    findings.add('two-live-sessions', `${slot}: ${other} was created while ${one} was live`);
  const { lives = 0, pairs = 0 } = counted.rows[0] ?? {};
  return {
    checker: 'lives in slots',
    compared: { 'lives of sessions': lives, 'sessions that followed another in its slot': pairs },
    findings: findings.all(),
  };
}
