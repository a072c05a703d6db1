import type {
  AgentSessionId,
  AttemptId,
  DeletionReason,
  Generation,
  Mode,
  ModelIdentity,
  PastProcess,
  Phase,
  ProcessId,
  ProcessPlace,
  SessionId,
  SessionStatus,
  SlotKey,
  TaskId,
  TurnSession,
} from '@phaselock/core';
import { type IdentityRow, toIdentity } from './identity-columns.ts';
import type { Sql, Statement } from './sql.ts';

// Each use of `newest` reads only a row or two from the end of the index, even in a long session.
const newest = (condition: string): string =>
  `(select h.id from processes h where h.session_id = s.id and ${condition} order by h.seq desc limit 1)`;

// The newest process of another session that reported the pre-retry id or, without one, the id of the conversation
// this session resumed. `condition` selects the sessions.
const outside = (place: ProcessPlace, condition: string): string => `
  (select to_jsonb(h) || jsonb_build_object('place', '${place}', 'conversation_of', coalesce(o.conversation_of, o.id))
   from processes h join sessions o on o.id = h.session_id
   where h.agent_session_id = coalesce($2, s.taken_up) and h.session_id <> s.id and ${condition} order by h.started_at desc limit 1)`;

const LEFT_THIS_SLOT =
  '(o.task_id, o.phase, o.mode, o.standalone) = (s.task_id, s.phase, s.mode, s.standalone) and o.deleted_at is not null';

// The same for an id that a process, of this session or of another, reported before its present one. Each row has the id
// that was asked for in place of the present one. Such ids are rare: nearly always, one look at the index finds nothing.
const EARLIER_MAKERS = `
  (select jsonb_agg(m.maker) from (
    select distinct on (t.place, h.dropped) to_jsonb(h) || jsonb_build_object(
      'agent_session_id', e.agent_session_id, 'invalidated', e.invalidated, 'place', t.place, 'conversation_of', coalesce(o.conversation_of, o.id)) as maker
    from earlier_conversations e join processes h on h.id = e.process_id join sessions o on o.id = h.session_id
    cross join lateral (select case when h.session_id = s.id then 'here' when ${LEFT_THIS_SLOT} then 'left' else 'elsewhere' end as place) t
    where e.agent_session_id = coalesce($2, s.taken_up) order by t.place, h.dropped, h.started_at desc) m)`;

// Reads everything a turn decision needs in one round trip. Of the history, it reads only the processes that matter:
// the newest, the newest that reported an id, and those that created the pre-retry id.
const TURN_STATE: Statement = {
  name: 'turn_state',
  text: `
    select s.*,
      coalesce(s.lease_expires_at > clock_timestamp(), false) as lease_held,
      -- A replaced process may run until its runner reports that it stopped, or until its lease expires by this clock.
      -- At most the length of the lease, in case the clock was set back.
      coalesce((select max(least(extract(epoch from o.lease_expires_at - clock_timestamp()) * 1000, o.lease_ms)) from sessions o
        where s.guarded and not o.standalone and o.task_id = s.task_id and o.phase = s.phase and o.mode = s.mode and o.deleted_at is not null
          and o.lease_expires_at > clock_timestamp()), 0)::float8 as predecessor_stops_in_ms,
      (select jsonb_agg(to_jsonb(p)) from processes p where p.id in (
        ${newest('true')} union all
        ${newest('not h.dropped')} union all
        ${newest('not h.dropped and h.agent_session_id is not null')} union all
        ${newest('$2::text is not null and h.agent_session_id = $2')} union all
        ${newest('$2::text is not null and h.agent_session_id = $2 and not h.dropped')})) as history,
      ${outside('left', LEFT_THIS_SLOT)} as left_maker,
      ${outside('elsewhere', `(${LEFT_THIS_SLOT}) is not true`)} as other_maker,
      ${EARLIER_MAKERS} as earlier_makers,
      -- The previous model of the attempt in this slot, read before the first process of a session, to report a model
      -- change across sessions.
      case when not s.standalone and not exists (select 1 from processes h where h.session_id = s.id) then
        (select to_jsonb(h) from processes h join sessions o on o.id = h.session_id
         where h.attempt_id = $3 and (o.task_id, o.phase, o.mode) = (s.task_id, s.phase, s.mode) and not o.standalone
         order by h.seq desc limit 1) end as before_in_attempt,
      d.deleted_reason as predecessor_reason, d.agent as predecessor_agent, d.variant as predecessor_variant, d.model as predecessor_model,
      d.resolved_model as predecessor_resolved_model, d.parameters as predecessor_parameters
    from sessions s left join sessions d on d.id = s.predecessor_id where s.id = $1`,
};

export type TurnState = {
  readonly slot: SlotKey;
  readonly version: number;
  readonly guarded: boolean;
  readonly standalone: boolean;
  readonly milestoneId: string | null;
  readonly handoff: string | null;
  /** Without `modelMissing`, which the caller sets from its catalogue. */
  readonly session: Omit<TurnSession, 'modelMissing'>;
  /** The session this one replaced, and why. */
  readonly predecessor: { readonly reason: DeletionReason; readonly identity: ModelIdentity } | null;
  /** The model of the attempt’s last process in this slot; null once this session has a process. */
  readonly beforeInAttempt: ModelIdentity | null;
  /** The session in which the conversation of the pre-retry id began, if that is an earlier session of this slot. */
  readonly conversationOf: SessionId | null;
  readonly history: readonly PastProcess[];
};

type HistoryRow = IdentityRow & {
  id: ProcessId;
  seq: number;
  agent_session_id: AgentSessionId | null;
  dropped: boolean;
  invalidated: boolean;
};

type MakerRow = HistoryRow & { place: ProcessPlace; conversation_of: SessionId };

type Row = IdentityRow & {
  id: SessionId;
  task_id: TaskId;
  phase: Phase;
  mode: Mode;
  generation: Generation;
  version: number;
  guarded: boolean;
  standalone: boolean;
  milestone_id: string | null;
  taken_up: AgentSessionId | null;
  kept_through: number | null;
  handoff: string | null;
  status: SessionStatus;
  ended_at: Date | null;
  deleted_at: Date | null;
  lease_held: boolean;
  predecessor_stops_in_ms: number;
  history: HistoryRow[] | null;
  left_maker: MakerRow | null;
  other_maker: MakerRow | null;
  earlier_makers: MakerRow[] | null;
  before_in_attempt: IdentityRow | null;
} & (
    | { predecessor_reason: null }
    | {
        predecessor_reason: DeletionReason;
        predecessor_agent: IdentityRow['agent'];
        predecessor_variant: string | null;
        predecessor_model: string | null;
        predecessor_resolved_model: string | null;
        predecessor_parameters: IdentityRow['parameters'];
      }
  );

export type TurnStateQuery = {
  readonly sessionId: SessionId;
  readonly preRetryId: AgentSessionId | null;
  readonly attemptId: AttemptId;
};

export async function readTurnState(
  sql: Sql,
  { sessionId, preRetryId, attemptId }: TurnStateQuery,
): Promise<TurnState | undefined> {
  const [row] = await sql.query<Row>(TURN_STATE, [sessionId, preRetryId, attemptId]);
  if (row === undefined) return undefined;
  // The earlier ids come last: of two rows for one process, the one with its present id then counts as the latest.
  const makers = [row.left_maker, row.other_maker, ...(row.earlier_makers ?? [])].filter((maker) => maker !== null);
  return {
    slot: { taskId: row.task_id, phase: row.phase, mode: row.mode },
    version: row.version,
    guarded: row.guarded,
    standalone: row.standalone,
    milestoneId: row.milestone_id,
    handoff: row.handoff,
    session: {
      id: row.id,
      generation: row.generation,
      identity: toIdentity(row),
      status: row.status,
      deleted: row.deleted_at !== null,
      over: isOver(row),
      keptThrough: row.kept_through,
      takenUp: row.taken_up,
      leaseHeld: row.lease_held,
      predecessorStopsInMs: row.predecessor_stops_in_ms,
    },
    predecessor: predecessorIn(row),
    beforeInAttempt: row.before_in_attempt === null ? null : toIdentity(row.before_in_attempt),
    conversationOf: makers.find(({ place }) => place === 'left')?.conversation_of ?? null,
    history: [
      ...(row.history ?? []).map((past) => toPast(past, 'here')),
      ...makers.map((maker) => toPast(maker, maker.place)),
    ],
  };
}

/** A temporary session is for one execution: it is over when that has ended or lost its lease. */
const isOver = (row: Row): boolean =>
  row.standalone &&
  row.milestone_id === null &&
  (row.ended_at !== null || (!row.lease_held && (row.history ?? []).length > 0));

function predecessorIn(row: Row): TurnState['predecessor'] {
  if (row.predecessor_reason === null) return null;
  const identity = toIdentity({
    agent: row.predecessor_agent,
    variant: row.predecessor_variant,
    model: row.predecessor_model,
    resolved_model: row.predecessor_resolved_model,
    parameters: row.predecessor_parameters,
  });
  return { reason: row.predecessor_reason, identity };
}

const toPast = (past: HistoryRow, place: ProcessPlace): PastProcess => ({
  id: past.id,
  place,
  seq: past.seq,
  identity: toIdentity(past),
  agentSessionId: past.agent_session_id,
  dropped: past.dropped,
  invalidated: past.invalidated,
});
