import type {
  Agent,
  AgentSessionId,
  DeletionReason,
  Generation,
  Mode,
  Parameters,
  PastProcess,
  Phase,
  ProcessId,
  SessionId,
  SessionStatus,
  SlotKey,
  TaskId,
  TurnSession,
} from '@phaselock/core';
import { MODEL_MISSING } from './model-missing.ts';
import type { Sql, Statement } from './sql.ts';

// Each is a step or two from the end of the index, however long the session.
const newest = (condition: string): string =>
  `(select h.id from processes h where h.session_id = s.id and ${condition} order by h.seq desc limit 1)`;

// One round trip for all that a turn is decided on. Of the history only what can matter: the newest process, the newest whose id can still
// be resumed, and those of the pre-retry id; the rest of a long session never travels.
const TURN_STATE: Statement = {
  name: 'turn_state',
  text: `
    select s.*, ${MODEL_MISSING} as model_missing,
      coalesce(s.lease_expires_at > clock_timestamp(), false) as lease_held,
      -- A replaced process may live on until its runner says it stopped, or until its lease lapses by this clock.
      coalesce((select extract(epoch from max(o.lease_expires_at) - clock_timestamp()) * 1000 from sessions o
        where s.guarded and not o.standalone and o.task_id = s.task_id and o.phase = s.phase and o.mode = s.mode and o.deleted_at is not null
          and o.lease_expires_at > clock_timestamp()), 0)::float8 as predecessor_stops_in_ms,
      (select jsonb_agg(to_jsonb(p)) from processes p where p.id in (
        ${newest('true')} union all
        ${newest('not h.dropped')} union all
        ${newest('not h.dropped and h.agent_session_id is not null')} union all
        ${newest('not h.dropped and h.agent_session_id is not null and not h.invalidated')} union all
        ${newest('$2::text is not null and h.agent_session_id = $2')} union all
        ${newest('$2::text is not null and h.agent_session_id = $2 and not h.dropped')})) as history,
      d.deleted_reason as predecessor_reason, d.variant as predecessor_variant, d.model as predecessor_model
    from sessions s left join sessions d on d.id = s.predecessor_id where s.id = $1`,
};

export type TurnState = {
  readonly slot: SlotKey;
  readonly version: number;
  readonly guarded: boolean;
  readonly standalone: boolean;
  readonly handoff: string | null;
  readonly session: TurnSession;
  /** Whom this session replaced, and why. */
  readonly predecessor: {
    readonly reason: DeletionReason;
    readonly variant: string | null;
    readonly model: string | null;
  } | null;
  readonly history: readonly PastProcess[];
};

type IdentityRow = { agent: Agent; variant: string | null; model: string | null; parameters: Parameters };

type HistoryRow = IdentityRow & {
  id: ProcessId;
  seq: number;
  agent_session_id: AgentSessionId | null;
  dropped: boolean;
  invalidated: boolean;
};

type Row = IdentityRow & {
  id: SessionId;
  task_id: TaskId;
  phase: Phase;
  mode: Mode;
  generation: Generation;
  version: number;
  guarded: boolean;
  standalone: boolean;
  handoff: string | null;
  status: SessionStatus;
  deleted_at: Date | null;
  model_missing: boolean;
  lease_held: boolean;
  predecessor_stops_in_ms: number;
  history: HistoryRow[] | null;
  predecessor_reason: DeletionReason | null;
  predecessor_variant: string | null;
  predecessor_model: string | null;
};

const toIdentity = ({ agent, variant, model, parameters }: IdentityRow) => ({ agent, variant, model, parameters });

export async function readTurnState(
  sql: Sql,
  sessionId: SessionId,
  preRetryId: AgentSessionId | null,
): Promise<TurnState | undefined> {
  const [row] = await sql.query<Row>(TURN_STATE, [sessionId, preRetryId]);
  if (row === undefined) return undefined;
  return {
    slot: { taskId: row.task_id, phase: row.phase, mode: row.mode },
    version: row.version,
    guarded: row.guarded,
    standalone: row.standalone,
    handoff: row.handoff,
    session: {
      id: row.id,
      generation: row.generation,
      identity: toIdentity(row),
      status: row.status,
      deleted: row.deleted_at !== null,
      modelMissing: row.model_missing,
      leaseHeld: row.lease_held,
      predecessorStopsInMs: row.predecessor_stops_in_ms,
    },
    predecessor:
      row.predecessor_reason === null
        ? null
        : { reason: row.predecessor_reason, variant: row.predecessor_variant, model: row.predecessor_model },
    history: (row.history ?? []).map((past) => ({
      id: past.id,
      seq: past.seq,
      identity: toIdentity(past),
      agentSessionId: past.agent_session_id,
      dropped: past.dropped,
      invalidated: past.invalidated,
    })),
  };
}
