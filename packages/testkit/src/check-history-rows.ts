import type { Sql } from '@phaselock/store';
import type { Violation } from './history.ts';

/** Rules about rows that refer to each other. Each statement returns one row per violation. */
const RULES: Readonly<Record<string, string>> = {
  pointer: `
    select l.task_id, l.phase, l.mode, 'the slot names ' || l.live_session_id || ', which is not live in it' as what
    from slots l where l.live_session_id is not null and not exists (
      select 1 from sessions s where s.id = l.live_session_id and s.guarded and s.deleted_at is null
        and (s.task_id, s.phase, s.mode) = (l.task_id, l.phase, l.mode))
    union all
    select s.task_id, s.phase, s.mode, s.id || ' is live, but the slot names no session'
    from sessions s left join slots l on (l.task_id, l.phase, l.mode) = (s.task_id, s.phase, s.mode)
    where s.guarded and s.deleted_at is null and l.live_session_id is null`,
  outlived: `
    select a.task_id, a.phase, a.mode,
      'generation ' || a.generation || ' is live, but the later generation ' || b.generation || ' is deleted' as what
    from sessions a join sessions b using (task_id, phase, mode)
    where a.guarded and b.guarded and a.generation > 0 and a.generation < b.generation
      and a.deleted_at is null and b.deleted_at is not null`,
  succession: `
    select a.task_id, a.phase, a.mode,
      a.id || ' was replaced by ' || a.replaced_by || ', which is not in the slot' as what
    from sessions a where a.replaced_by is not null and not exists (
      select 1 from sessions b where b.id = a.replaced_by and (b.task_id, b.phase, b.mode) = (a.task_id, a.phase, a.mode))
    union all
    select b.task_id, b.phase, b.mode, b.id || ' replaced ' || b.predecessor_id || ', which is not in the slot'
    from sessions b where b.predecessor_id is not null and not exists (
      select 1 from sessions a where a.id = b.predecessor_id and (a.task_id, a.phase, a.mode) = (b.task_id, b.phase, b.mode))
    union all
    select b.task_id, b.phase, b.mode, b.id || ' of generation ' || b.generation || ' replaced ' || a.id || ' of ' || a.generation
    from sessions b join sessions a on a.id = b.predecessor_id where a.generation >= b.generation`,
  sequence: `
    select p.task_id, s.phase, s.mode,
      'process ' || p.id || ' is number ' || p.seq || ' of its attempt, but the process before it is number ' || p.before as what
    from (select *, greatest(
        coalesce(max(seq) over (partition by attempt_id order by seq rows between unbounded preceding and 1 preceding), 0),
        coalesce(max(seq) over (partition by session_id order by seq rows between unbounded preceding and 1 preceding), 0)) as before
      from processes) p join sessions s on s.id = p.session_id
    where p.seq <> 1 + p.before
    union all
    select a.task_id, 'any', 'any', 'attempt ' || a.id || ' counted ' || a.last_seq || ' processes'
    from attempts a where a.last_seq <> (select coalesce(max(p.seq), 0) from processes p where p.attempt_id = a.id)`,
};

type Row = { task_id: string; phase: string; mode: string; what: string };

export async function checkRows(sql: Sql): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const [rule, text] of Object.entries(RULES)) {
    for (const { task_id, phase, mode, what } of await sql.query<Row>({ name: `rule_${rule}`, text }, [])) {
      violations.push({ rule, slot: `${task_id}/${phase}/${mode}`, what });
    }
  }
  return violations;
}
