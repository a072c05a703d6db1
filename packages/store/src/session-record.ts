import type {
  AgentSessionId,
  DeletionReason,
  Generation,
  ModelIdentity,
  SessionId,
  SessionStatus,
  SlotKey,
} from '@phaselock/core';
import type { Selectable } from 'kysely';
import { toIdentity } from './identity-columns.ts';
import type { Usage } from './running-turn.ts';
import type { SessionTable } from './schema.ts';

/** A session as lists and lookups return it. */
export type SessionRecord = {
  readonly id: SessionId;
  readonly slot: SlotKey;
  readonly identity: ModelIdentity;
  readonly status: SessionStatus;
  readonly generation: Generation;
  readonly version: number;
  readonly guarded: boolean;
  readonly standalone: boolean;
  /** Set for a session that spans several tasks. */
  readonly milestoneId: string | null;
  /** The lease of its process has expired, and the sweep has not marked the process as lost yet. */
  readonly leaseLapsed: boolean;
  readonly createdBy: string | null;
  readonly predecessorId: SessionId | null;
  readonly replacedBy: SessionId | null;
  readonly handoff: string | null;
  readonly agentSessionId: AgentSessionId | null;
  /** An earlier conversation of the slot that this session resumes after a retry. */
  readonly takenUp: AgentSessionId | null;
  readonly leaseExpiresAt: Date | null;
  readonly usage: Usage;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly endedAt: Date | null;
  readonly deletedAt: Date | null;
  readonly deletedReason: DeletionReason | null;
};

export type SessionRow = Selectable<SessionTable> & { readonly lease_lapsed: boolean };

/** SQL over the session `s`: its lease has expired, by the database’s clock. */
export const LEASE_LAPSED = `coalesce(s.status = 'running' and s.lease_expires_at <= clock_timestamp(), false)`;

export function toSessionRecord(row: SessionRow): SessionRecord {
  return {
    id: row.id,
    slot: { taskId: row.task_id, phase: row.phase, mode: row.mode },
    identity: toIdentity(row),
    status: row.status,
    generation: row.generation,
    version: row.version,
    guarded: row.guarded,
    standalone: row.standalone,
    milestoneId: row.milestone_id,
    leaseLapsed: row.lease_lapsed,
    createdBy: row.created_by,
    predecessorId: row.predecessor_id,
    replacedBy: row.replaced_by,
    handoff: row.handoff,
    agentSessionId: row.agent_session_id,
    takenUp: row.taken_up,
    leaseExpiresAt: row.lease_expires_at,
    usage: {
      inputTokens: row.input_tokens,
      outputTokens: row.output_tokens,
      turns: row.turns,
      costUsdMicros: row.cost_usd_micros,
    },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    endedAt: row.ended_at,
    deletedAt: row.deleted_at,
    deletedReason: row.deleted_reason,
  };
}
