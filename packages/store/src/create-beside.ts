import type { ModelIdentity, SessionId, SlotKey } from '@phaselock/core';
import type { IdempotencyRow } from './open-session.ts';
import { type Writer, waitingWriteCall } from './sql.ts';

const CREATE_BESIDE = waitingWriteCall('create_beside', 16);

export type CreateBeside = {
  readonly slot: SlotKey;
  readonly sessionId: SessionId;
  readonly identity: ModelIdentity;
  readonly milestoneId: string | null;
  readonly createdBy: string | null;
  /** A temporary record of an execution outside every slot. */
  readonly standalone: boolean;
  readonly idempotency: IdempotencyRow | null;
};

export async function createBeside(writer: Writer, create: CreateBeside): Promise<void> {
  const { slot, identity, idempotency } = create;
  await writer.query(CREATE_BESIDE, [
    slot.taskId,
    slot.phase,
    slot.mode,
    create.sessionId,
    identity.agent,
    identity.variant,
    identity.model,
    identity.resolvedModel,
    JSON.stringify(identity.parameters),
    create.milestoneId,
    create.standalone,
    create.createdBy,
    idempotency?.scope ?? null,
    idempotency?.key ?? null,
    idempotency?.requestHash ?? null,
    idempotency === null ? null : JSON.stringify(idempotency.response),
  ]);
}
