import { BIRTHS } from '../event-types.ts';
import type { ScopeSql } from '../scope.ts';
import { DELETED_TOO_EARLY, last, toldOfArchives } from './told-of-archives.ts';

const PAGE = 500;

/**
 * SQL: with what the document of the archive `r` can be compared; `s` is its session. `unknown`: with nothing, because
 * SV501 or SV509 reports that the record itself is wrong.
 */
const STATE = `
  case when s.id is null and not exists (select 1 from session_events e where e.task_id = r.task_id
                                         and (e.session_id = r.session_id or e.predecessor_id = r.session_id))
         or s.id is not null and (s.deleted_at is null or r.purged_at is not null) then 'unknown'
       when s.id is null then 'purged'
       when s.version = r.session_version then 'same'
       else 'changed' end`;

/**
 * One page of the archives whose objects must be in the store: verified, not being removed, and either under legal hold
 * or not expired. The last parameter is the id after which the page starts.
 */
export const archivesPage = ({ inScope, values }: ScopeSql): string => `
  select r.session_id as id, r.session_id, r.task_id, r.object_key, r.object_version, encode(r.sha256, 'hex') as sha256, r.bytes,
         r.process_count as processes, r.event_count as events, r.log_count as logs, r.feedback_count as feedback, ${STATE} as state
  from archives r left join sessions s on s.id = r.session_id
  where ${inScope('r')} and r.verified_at is not null and r.removing_at is null and (r.legal_hold or r.expires_at > now())
    and ($${values.length + 1}::uuid is null or r.session_id > $${values.length + 1}::uuid)
  order by r.session_id limit ${PAGE}`;

/** SQL for a time as a document has it: in milliseconds, cut off. */
const time = (column: string): string =>
  `to_char(date_trunc('milliseconds', ${column}) at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** SQL for an object with these fields, named by their paths in the document. */
const fields = (columns: Readonly<Record<string, string>>): string =>
  `jsonb_build_object(${Object.entries(columns)
    .map(([path, value]) => `'${path}', ${value}`)
    .join(', ')})`;

const modelOf = (alias: string): Record<string, string> => ({
  'model.agent': `${alias}.agent`,
  'model.variant': `${alias}.variant`,
  'model.model': `${alias}.model`,
  'model.resolvedModel': `${alias}.resolved_model`,
  'model.parameters': `${alias}.parameters`,
});

/** SQL: the resolved model in the identity that an event recorded. A name may be resolved after the event. */
const resolvedModel = (told: string): string =>
  `case when ${told} ->> 'resolved_model' is null then '{}' else ${fields({ 'model.resolvedModel': `${told} -> 'resolved_model'` })} end`;

const usageOf = (alias: string): Record<string, string> => ({
  'usage.inputTokens': `${alias}.input_tokens`,
  'usage.outputTokens': `${alias}.output_tokens`,
  'usage.turns': `${alias}.turns`,
  'usage.costUsdMicros': `${alias}.cost_usd_micros`,
});

/** Of a session that changed after it was archived: what never changes once a session is deleted. */
const ENDED_SESSION = {
  id: 's.id',
  version: 'r.session_version',
  taskId: 's.task_id',
  phase: 's.phase',
  mode: 's.mode',
  generation: 's.generation',
  predecessorId: 's.predecessor_id',
  replacedBy: 's.replaced_by',
  createdAt: time('s.created_at'),
  deletedAt: time('s.deleted_at'),
  deletedReason: 's.deleted_reason',
};

/** Every change of these counts the version of the session up. */
const SAME_SESSION = {
  ...ENDED_SESSION,
  ...modelOf('s'),
  status: 's.status',
  guarded: 's.guarded',
  standalone: 's.standalone',
  userId: 's.created_by',
  handoff: 's.handoff',
  agentSessionId: 's.agent_session_id',
  milestoneId: 's.milestone_id',
  takenUp: 's.taken_up',
  conversationOf: 's.conversation_of',
  keptThrough: 's.kept_through',
  ...usageOf('s'),
  updatedAt: time('s.updated_at'),
  endedAt: time('s.ended_at'),
};

/**
 * Of a purged session: the events say it, and otherwise its tombstone. Where the two differ, SV509 reports the tombstone
 * and the document is compared with the events.
 */
const PURGED_SESSION = {
  id: 'r.session_id',
  taskId: 'r.task_id',
  version: 'r.session_version',
  phase: 'case when t.born then t.phase else r.phase end',
  mode: 'case when t.born then t.mode else r.mode end',
  generation: 'case when t.born then t.generation else r.generation end',
  predecessorId: 'case when t.born then t.predecessor_id else r.predecessor_id end',
  createdAt: time('case when t.born then t.created_at else r.session_created_at end'),
  deletedReason: 'case when t.ended then t.deleted_reason else r.deleted_reason end',
  replacedBy: `case when t.ended_by = 'replaced' then t.replaced_by when t.deleted_reason <> 'collapsed' then null else r.replaced_by end`,
  'model.agent': 'coalesce(t.agent, r.agent)',
  'model.variant': `case when t.named is null then r.variant else t.named ->> 'variant' end`,
  'model.model': `case when t.named is null then r.model else t.named ->> 'model' end`,
};
/** What the creation event records since migration 0024. The text of the handoff is in the document only. */
const BORN_SESSION = {
  userId: 'b.actor',
  milestoneId: `b.detail ->> 'milestone_id'`,
  handoffSha256: `b.detail ->> 'handoff_sha256'`,
};
/** The event that keeps a session for another model names the parameters since migration 0024. */
const NAMED_MODEL = `
  case when t.named ? 'parameters' then ${fields({ 'model.parameters': `t.named -> 'parameters'` })} else '{}' end
  || ${resolvedModel('t.named')}`;
const PURGED_SESSION_TIMES = `case when ${DELETED_TOO_EARLY} then '{}' else ${fields({ deletedAt: time('r.deleted_at') })} end`;

/**
 * `invalidated` is left out: a turn of another session of the slot sets it, and the version of this session stays. What
 * a changed session has now may differ from its archive in everything that changes while a process runs or reports.
 */
const STARTED_PROCESS = {
  id: 'p.id',
  attemptId: 'p.attempt_id',
  seq: 'p.seq',
  action: 'p.action',
  reason: 'p.reason',
  passedSessionId: 'p.passed_session_id',
  preRetrySessionId: 'p.pre_retry_session_id',
  skipContext: 'p.skip_context',
  ...modelOf('p'),
  generation: 'p.generation',
  startedAt: time('p.started_at'),
};
const SAME_PROCESS = {
  ...STARTED_PROCESS,
  agentSessionId: 'p.agent_session_id',
  dropped: 'p.dropped',
  status: 'p.status',
  exitCode: 'p.exit_code',
  ...usageOf('p'),
  endedAt: time('p.ended_at'),
};

/** Of a purged process: the events of its turn say it. A process that never finished was marked as lost. */
const PURGED_PROCESS = {
  id: `e.detail -> 'process_id'`,
  seq: `e.detail -> 'seq'`,
  reason: 'e.reason',
  generation: 'e.generation',
  startedAt: time('e.at'),
  status: `coalesce(f.ending, 'lost')`,
};

/** Details that the events of earlier releases lack. */
const IN_LATER_EVENTS = `
  case when e.detail ? 'attempt_id' then ${fields({ attemptId: `e.detail -> 'attempt_id'` })} else '{}' end
  || case when e.detail ? 'action' and e.detail ? 'model' then ${fields({
    action: `e.detail -> 'action'`,
    passedSessionId: `e.detail -> 'passed_session_id'`,
    preRetrySessionId: `e.detail -> 'pre_retry_session_id'`,
    skipContext: `e.detail -> 'skip_context'`,
    'model.agent': `e.detail -> 'model' -> 'agent'`,
    'model.variant': `e.detail -> 'model' -> 'variant'`,
    'model.model': `e.detail -> 'model' -> 'model'`,
    'model.parameters': `e.detail -> 'model' -> 'parameters'`,
    agentSessionId: `f.told -> 'agent_session_id'`,
  })} || ${resolvedModel(`(e.detail -> 'model')`)} else '{}' end
  || case when e.detail ? 'model' and f.ended is not null then ${fields({ exitCode: `f.ended -> 'exit_code'` })} else '{}' end
  || case when e.detail ? 'model' and f.used is not null then ${fields({
    'usage.inputTokens': `f.used -> 'input_tokens'`,
    'usage.outputTokens': `f.used -> 'output_tokens'`,
    'usage.turns': `f.used -> 'turns'`,
    'usage.costUsdMicros': `f.used -> 'cost_usd_micros'`,
  })} else '{}' end`;

const EVENT = {
  id: 'e.id',
  sessionId: 'e.session_id',
  type: 'e.type',
  reason: 'e.reason',
  generation: 'e.generation',
  predecessorId: 'e.predecessor_id',
  actor: 'e.actor',
  detail: 'e.detail',
  at: time('e.at'),
};
/** A document lacks these if its session was archived before the event was chained. */
const CHAINED_EVENT = `case when e.place is null or e.hash is null then '{}' else ${fields({ place: 'e.place', hash: `encode(e.hash, 'hex')` })} end`;

const FEEDBACK = {
  id: 'f.id',
  rating: 'f.rating',
  comment: 'f.comment',
  createdBy: 'f.created_by',
  createdAt: time('f.created_at'),
};

/**
 * What the database has of the sessions $1, one row per part: the fields that the document of the session must have. Of
 * purged sessions, only the events and the tombstone are left. `logs` is the log of a purged process, as the last of its
 * events that records it has it. `all_told`: the session was purged, and its events record all that is compared, as they
 * do since migration 0024.
 */
export const ARCHIVED_PARTS = `
  with wanted as materialized (
    select r.session_id, coalesce(s.task_id, r.task_id) as task_id, ${STATE} as state
    from archives r left join sessions s on s.id = r.session_id where r.session_id = any($1::uuid[])
  ), told as (${toldOfArchives('r.session_id = any($1::uuid[])')}
  ), born as (
    select distinct on (w.session_id) w.session_id, e.actor, e.detail
    from wanted w join session_events e on e.task_id = w.task_id and e.session_id = w.session_id
    where w.state = 'purged' and e.type in ${BIRTHS} order by w.session_id, e.id
  ), reported as (
    -- A process that was marked as lost may have finished later, and reports may follow its end: the last of each counts.
    select w.session_id, e.detail ->> 'process_id' as process_id,
           ${last('e.reason', `e.type = 'turn-finished'`)} as ending,
           ${last('e.detail', `e.detail ? 'agent_session_id'`)} as told,
           ${last('e.detail', `e.detail ? 'exit_code'`)} as ended,
           ${last(`e.detail -> 'usage'`, `e.detail ? 'usage'`)} as used,
           ${last(`e.detail -> 'logs'`, `e.detail ? 'logs'`)} as logged
    from wanted w join session_events e on e.task_id = w.task_id and e.session_id = w.session_id
    where w.state = 'purged' and e.detail ? 'process_id' group by w.session_id, e.detail ->> 'process_id'
  )
  select w.session_id, 'session' as kind, w.session_id::text as id,
         (case w.state when 'same' then ${fields(SAME_SESSION)} when 'changed' then ${fields(ENDED_SESSION)}
                       when 'purged' then ${fields(PURGED_SESSION)} || ${PURGED_SESSION_TIMES}
                         || case when b.detail ? 'model' then ${fields(BORN_SESSION)} || ${NAMED_MODEL} else '{}' end
                       else ${fields({ id: 'r.session_id' })} end)::text as fields,
         null as logs, (w.state = 'purged' and b.detail ? 'model')::text as all_told
  from wanted w join archives r using (session_id) left join sessions s on s.id = w.session_id left join told t on t.session_id = w.session_id
  left join born b on b.session_id = w.session_id
  union all
  select w.session_id, 'process', p.id::text, (case w.state when 'same' then ${fields(SAME_PROCESS)} else ${fields(STARTED_PROCESS)} end)::text, null, null
  from wanted w join processes p on p.session_id = w.session_id where w.state in ('same', 'changed')
  union all
  select w.session_id, 'process', e.detail ->> 'process_id', (${fields(PURGED_PROCESS)} || ${IN_LATER_EVENTS})::text,
         case when e.detail ? 'model' then f.logged::text end, null
  from wanted w join session_events e on e.task_id = w.task_id and e.session_id = w.session_id
  left join reported f on f.session_id = w.session_id and f.process_id = e.detail ->> 'process_id'
  where w.state = 'purged' and e.type = 'turn-started'
  union all
  select w.session_id, 'event', e.id::text, (${fields(EVENT)} || ${CHAINED_EVENT})::text, null, null
  from wanted w join session_events e on e.task_id = w.task_id and (e.session_id = w.session_id or e.predecessor_id = w.session_id)
  where w.state <> 'unknown'
  union all
  select w.session_id, 'feedback', f.id::text, ${fields(FEEDBACK)}::text, null, null
  from wanted w join feedback f on f.session_id = w.session_id where w.state in ('same', 'changed')`;

/**
 * The number of log lines of the session $1 up to the id $2, and a digest of them that does not depend on their order:
 * the sum of the first eight bytes of the hash of each line. `digestOfLogs` computes the same from a document.
 */
export const LOG_DIGEST = `
  select count(*) as lines,
         coalesce(sum(('x' || encode(substring(sha256(convert_to(
           concat_ws(e'\\x1f', l.id, coalesce(l.process_id::text, ''), l.kind, ${time('l.at')}, l.line), 'UTF8')) for 8), 'hex'))::bit(64)::bigint), 0) as digest
  from session_logs l where l.session_id = $1 and l.id <= $2`;
