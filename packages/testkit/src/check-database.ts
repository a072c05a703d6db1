import type { Sql } from '@phaselock/store';
import type { Violation } from './history.ts';

/** Rules about the database rows alone. Each statement returns one row per violation. */
const RULES: Readonly<Record<string, string>> = {
  'two-live': `
    select task_id, phase, mode, 'live at once: ' || string_agg(id::text, ', ') as what
    from sessions where guarded and deleted_at is null group by task_id, phase, mode having count(*) > 1`,
  overlap: `
    select a.task_id, a.phase, a.mode,
      'generation ' || b.generation || ' was created before generation ' || a.generation || ' was deleted' as what
    from sessions a join sessions b using (task_id, phase, mode)
    where a.guarded and b.guarded and a.generation > 0 and a.generation < b.generation and a.deleted_at > b.created_at`,
  generations: `
    select s.task_id, s.phase, s.mode,
      'generations ' || array_agg(b.generation order by b.generation)::text || ', the slot counter is ' || s.generation as what
    from slots s left join sessions b on (b.task_id, b.phase, b.mode) = (s.task_id, s.phase, s.mode) and b.generation > 0
    group by s.task_id, s.phase, s.mode, s.generation
    having count(b.id) <> s.generation or count(distinct b.generation) <> s.generation or coalesce(max(b.generation), 0) <> s.generation`,
  chain: `
    select a.task_id, a.phase, a.mode,
      a.id || ' names the successor ' || b.id || ', which does not name it as its predecessor' as what
    from sessions a join sessions b on b.id = a.replaced_by
    where a.deleted_reason <> 'collapsed' and b.predecessor_id is distinct from a.id
    union all
    select a.task_id, a.phase, a.mode, b.id || ' names a predecessor that names another successor'
    from sessions b join sessions a on a.id = b.predecessor_id where a.replaced_by is distinct from b.id
    union all
    select min(task_id::text)::uuid, min(phase), min(mode), predecessor_id || ' was replaced more than once'
    from sessions where predecessor_id is not null group by predecessor_id having count(*) > 1`,
  recorded: `
    select s.task_id, s.phase, s.mode, s.id || ' has ' || count(e.id) || ' creation events' as what
    from sessions s left join session_events e on e.task_id = s.task_id and e.session_id = s.id and e.type in ('created', 'replaced')
    where s.generation > 0 group by s.id having count(e.id) <> 1
    union all
    select s.task_id, s.phase, s.mode, s.id || ' has ' || count(e.id) || ' deletion or replacement events'
    from sessions s left join session_events e on e.task_id = s.task_id
      and (e.session_id = s.id and e.type = 'deleted' or e.predecessor_id = s.id and e.type = 'replaced')
    where s.generation > 0 and s.deleted_at is not null group by s.id having count(e.id) <> 1`,
  chained: `
    select c.task_id, c.phase, c.mode, 'event ' || c.id || ' of ' || c.session_id || ' is not chained to the event before it' as what
    from (select e.id, e.task_id, e.phase, e.mode, e.session_id, e.place, e.hash, e as event, row_number() over earlier as nth,
                 lag(e.hash) over earlier as before
          from session_events e window earlier as (partition by e.session_id order by e.id)) c
    where c.place is distinct from c.nth or c.hash is distinct from event_hash(c.before, c.event)`,
  conversation: `
    select p.task_id, s.phase, s.mode, 'process ' || p.id || ' is ' || p.action || ' with ' || coalesce(p.passed_session_id, 'nothing') as what
    from (select *, row_number() over (partition by session_id order by seq) as nth from processes) p join sessions s on s.id = p.session_id
    where case
      -- The first process of a session with taken_up resumes that id. No process needs to have recorded the id before.
      when p.nth = 1 and s.taken_up is not null then p.passed_session_id is distinct from s.taken_up
      else (p.nth = 1) <> (p.action = 'CodingAgentInitialRequest')
        or p.passed_session_id is not null and p.passed_session_id is distinct from s.taken_up and not exists (
          select 1 from processes m where m.session_id = p.session_id and m.seq < p.seq
            and (m.agent_session_id = p.passed_session_id or exists (
              select 1 from earlier_conversations e where e.process_id = m.id and e.agent_session_id = p.passed_session_id)))
      end`,
  'two-running': `
    select s.task_id, s.phase, s.mode, count(*) || ' processes hold a lease at once' as what
    from processes p join sessions s on s.id = p.session_id
    where p.status = 'running' and s.guarded and s.lease_expires_at > clock_timestamp()
    group by s.task_id, s.phase, s.mode having count(*) > 1`,
};

type Row = { task_id: string; phase: string; mode: string; what: string };

export async function checkDatabase(sql: Sql): Promise<Violation[]> {
  const violations: Violation[] = [];
  for (const [rule, text] of Object.entries(RULES)) {
    for (const { task_id, phase, mode, what } of await sql.query<Row>({ name: `rule_${rule}`, text }, [])) {
      violations.push({ rule, slot: `${task_id}/${phase}/${mode}`, what });
    }
  }
  return violations;
}
