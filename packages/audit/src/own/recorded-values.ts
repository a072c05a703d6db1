import { type Check, finding } from '../check.ts';
import type { Finding } from '../finding.ts';
import { REPORTS } from './event-types.ts';
import type { ScopeSql } from './scope.ts';

/** Compares a model identity in a row with the one in an event. A name is resolved later, if it was not at the start. */
const modelDiffers = (row: string, told: string): string => `
  ((${row}.agent, ${row}.variant, ${row}.model) is distinct from (${told} ->> 'agent', ${told} ->> 'variant', ${told} ->> 'model')
   or coalesce(${row}.parameters, 'null') is distinct from ${told} -> 'parameters'
   or ${told} ->> 'resolved_model' is not null and ${row}.resolved_model is distinct from ${told} ->> 'resolved_model')`;

/** Compares sessions with their first event. Events from before migration 0024 contain no model and are not judged. */
export const recordedSessions = ({ inScope }: ScopeSql): Check => ({
  name: 'recorded sessions',
  rules: ['SV602'],
  sql: `
    select d.id, d.id as session_id, d.task_id, d.what from (
      select s.id, s.task_id, concat_ws(', ',
               case when ${modelDiffers('s', 't.model')} then 'model' end,
               case when s.milestone_id is distinct from t.birth ->> 'milestone_id' then 'milestone' end,
               case when encode(sha256(convert_to(s.handoff, 'UTF8')), 'hex') is distinct from t.birth ->> 'handoff_sha256' then 'handoff' end) as what
      from (
        select b.*, coalesce(b.kept, b.birth -> 'model') as model from (
          select e.task_id, e.session_id, (array_agg(e.detail) filter (where e.place = 1))[1] as birth,
                 -- A session that was kept for a slightly different model has that one from then on.
                 (array_agg(e.detail -> 'current' order by e.place desc) filter (where e.type = 'kept'))[1] as kept
          from session_events e where ${inScope('e')} and (e.place = 1 or e.type = 'kept') group by e.task_id, e.session_id) b
        where b.birth ? 'model') t
      join sessions s on s.id = t.session_id and s.task_id = t.task_id) d
    where d.what <> ''`,
  read: (row) => [
    finding('SV602', row, {
      kind: 'session',
      id: row.id ?? null,
      message: `its events recorded another ${row.what}`,
    }),
  ],
});

/**
 * SQL condition: an event names a process that its session never had. Of a session that was purged, only the event of
 * the start tells which processes it had. SV211 is reported without the hashes too if the event is a start or an end,
 * and SV301 if the session never was.
 */
const NEVER_WAS = `
  (t.reports and not t.starts and case when exists (select 1 from sessions s where s.id = t.session_id) then not t.ends
     else exists (select 1 from archives r where r.session_id = t.session_id and r.purged_at is not null) end)`;

/**
 * Compares processes with their latest events, and reports events of processes that never were. The usage and the log
 * of a running process are recorded at its end.
 */
export const recordedProcesses = ({ inScope, processes }: ScopeSql): Check => ({
  name: 'recorded processes',
  rules: ['SV602', 'SV605', 'SV211'],
  sql: `
    select d.* from (
      select coalesce(p.id::text, t.process_id) as id, t.session_id, t.task_id, p.attempt_id, (p.id is null)::text as never_was, concat_ws(', ',
               case when (p.action, p.passed_session_id, p.pre_retry_session_id, p.skip_context::text)
                         is distinct from (t.begun ->> 'action', t.begun ->> 'passed_session_id', t.begun ->> 'pre_retry_session_id', t.begun ->> 'skip_context')
                    then 'start' end,
               case when ${modelDiffers('p', "(t.begun -> 'model')")} then 'model' end,
               case when p.agent_session_id is distinct from t.told ->> 'agent_session_id' then 'conversation' end,
               case when p.status <> 'running' and t.ended is not null and p.exit_code::text is distinct from t.ended ->> 'exit_code' then 'exit code' end,
               case when p.status <> 'running' and t.used is not null
                         and (p.input_tokens::text, p.output_tokens::text, p.turns::text, p.cost_usd_micros::text)
                             is distinct from (t.used ->> 'input_tokens', t.used ->> 'output_tokens', t.used ->> 'turns', t.used ->> 'cost_usd_micros')
                    then 'usage' end) as what,
             (p.status <> 'running' and t.logged is not null
              and (p.log_lines::text, encode(p.log_digest, 'hex')) is distinct from (t.logged ->> 'lines', t.logged ->> 'digest'))::text as log_differs
      from (
        select e.task_id, e.session_id, coalesce(e.detail ->> 'process_id', '') as process_id,
               bool_or(e.type in ${REPORTS}) as reports, bool_or(e.type = 'turn-started') as starts, bool_or(e.type in ('turn-finished', 'turn-lost')) as ends,
               (array_agg(e.detail order by e.place desc) filter (where e.type = 'turn-started'))[1] as begun,
               (array_agg(e.detail order by e.place desc) filter (where e.detail ? 'agent_session_id'))[1] as told,
               (array_agg(e.detail order by e.place desc) filter (where e.detail ? 'exit_code'))[1] as ended,
               (array_agg(e.detail -> 'usage' order by e.place desc) filter (where e.detail ? 'usage'))[1] as used,
               (array_agg(e.detail -> 'logs' order by e.place desc) filter (where e.detail ? 'logs'))[1] as logged
        from session_events e where ${inScope('e')} and e.place is not null and (e.detail ? 'process_id' or e.type in ${REPORTS})
        group by e.task_id, e.session_id, coalesce(e.detail ->> 'process_id', '')) t
      left join processes p on p.id::text = t.process_id and p.session_id = t.session_id
      -- Without a model, the process was started before migration 0024, whose events contain less.
      where case when p.id is null then ${NEVER_WAS} else t.begun ? 'model' and ${processes} end) d
    where d.never_was = 'true' or d.what <> '' or d.log_differs = 'true'`,
  read: (row) => {
    const of = { kind: 'process', id: row.id ?? null } as const;
    if (row.never_was === 'true') {
      const message =
        row.id === '' ? 'an event of its session names no process' : 'an event names it, but its session never had it';
      return [finding('SV211', row, { ...of, message })];
    }
    const findings: Finding[] = [];
    if (row.what !== '')
      findings.push(finding('SV602', row, { ...of, message: `its events recorded another ${row.what}` }));
    if (row.log_differs === 'true')
      findings.push(finding('SV605', row, { ...of, message: 'its latest event recorded another digest of its log' }));
    return findings;
  },
});

/** Compares the number of log lines. A process from before migration 0024 may have lines that were never counted. */
export const recordedLines = ({ inScope, processes }: ScopeSql): Check => ({
  name: 'recorded lines',
  rules: ['SV605'],
  sql: `
    select p.id, p.session_id, p.task_id, p.attempt_id, p.log_lines, coalesce(l.lines, 0) as lines
    from processes p
    left join (
      select x.process_id, count(*) as lines from session_logs x
      where x.process_id is not null and x.session_id in (select p.session_id from processes p where ${processes})
      group by x.process_id) l on l.process_id = p.id
    left join (
      select distinct e.detail ->> 'process_id' as id from session_events e
      where e.type = 'turn-started' and e.detail ? 'model' and ${inScope('e')}) counted on counted.id = p.id::text
    where ${processes} and (coalesce(l.lines, 0) < p.log_lines or counted.id is not null and l.lines > p.log_lines)`,
  read: (row) => [
    finding('SV605', row, {
      kind: 'process',
      id: row.id ?? null,
      message: `it has ${row.lines} log lines, and ${row.log_lines} were recorded`,
    }),
  ],
});

/** Compares the end of the chain in each tombstone with the event at that place. Older tombstones have none. */
export const recordedChains = ({ inScope }: ScopeSql): Check => ({
  name: 'recorded chains',
  rules: ['SV602'],
  sql: `
    select t.session_id as id, t.session_id, t.task_id, t.length from (
      select r.task_id, r.session_id, r.chain_length as length, r.chain_hash as hash
      from archives r where ${inScope('r')} offset 0) t
    left join session_events e on e.task_id = t.task_id and e.session_id = t.session_id and e.place = t.length
    where t.length is not null and e.hash is distinct from t.hash`,
  read: (row) => [
    finding('SV602', row, {
      kind: 'archive',
      id: row.id ?? null,
      message: `its event ${row.length} does not have the hash that was recorded when it was archived`,
    }),
  ],
});
