import type { ModelIdentity, SessionId, SlotKey } from '@phaselock/core';
import type { Sql, Statement } from './sql.ts';

// A session outside the guard takes no slot, no lock and no generation: 0 marks it for good.
const CREATE_BESIDE: Statement = {
  name: 'create_beside',
  text: `
    with born as (
      insert into sessions (id, task_id, phase, mode, agent, variant, model, parameters, status, generation, guarded, standalone,
                            created_by, created_at, updated_at)
      values ($1, $2, $3, $4, $5, $6, $7, $8, 'ready', 0, false, $9, $10, clock_timestamp(), clock_timestamp())
      returning *)
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
    select task_id, phase, mode, id, case when standalone then 'standalone-started' else 'created-beside' end, 'first', 0, created_by, created_at
    from born`,
};

export type CreateBeside = {
  readonly slot: SlotKey;
  readonly sessionId: SessionId;
  readonly identity: ModelIdentity;
  readonly createdBy: string | null;
  /** A temporary record of an execution outside every slot. */
  readonly standalone: boolean;
};

export async function createBeside(
  sql: Sql,
  { slot, sessionId, identity, createdBy, standalone }: CreateBeside,
): Promise<void> {
  const { agent, variant, model, parameters } = identity;
  await sql.query(CREATE_BESIDE, [
    sessionId,
    slot.taskId,
    slot.phase,
    slot.mode,
    agent,
    variant,
    model,
    JSON.stringify(parameters),
    standalone,
    createdBy,
  ]);
}
