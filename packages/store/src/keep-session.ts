import type { Generation, ModelIdentity, SessionId, SlotKey } from '@phaselock/core';
import type { IdempotencyRow } from './open-session.ts';
import { firstRow, type Writer, writeCall } from './sql.ts';

const KEEP_SESSION = writeCall('keep_session', 17);

export type KeepSession = {
  readonly slot: SlotKey;
  readonly guarded: boolean;
  readonly sessionId: SessionId;
  readonly generation: Generation;
  /** The session’s version when its history was read; null when only its slot was read. */
  readonly seenVersion: number | null;
  /** The new model identity of the session. */
  readonly identity: ModelIdentity;
  readonly actor: string | null;
  readonly idempotency: IdempotencyRow | null;
  readonly waitMs: number;
};

export type KeptSession =
  | { readonly kind: 'kept'; readonly slotVersion: number | null; readonly sessionVersion: number }
  | { readonly kind: 'moved' };

type Row = { outcome: 'kept'; slot_version: number | null; session_version: number } | { outcome: 'moved' };

/** Keeps a session and gives it a slightly different model, as the user decided. The event records the actor. */
export async function keepSession(
  writer: Writer,
  keep: KeepSession,
  { last }: { last: boolean } = { last: true },
): Promise<KeptSession> {
  const { slot, identity, idempotency } = keep;
  const values = [
    slot.taskId,
    slot.phase,
    slot.mode,
    keep.guarded,
    keep.sessionId,
    keep.generation,
    keep.seenVersion,
    identity.variant,
    identity.model,
    identity.resolvedModel,
    JSON.stringify(identity.parameters),
    keep.actor,
    idempotency?.scope ?? null,
    idempotency?.key ?? null,
    idempotency?.requestHash ?? null,
    idempotency === null ? null : JSON.stringify(idempotency.response),
    Math.max(1, Math.ceil(keep.waitMs)),
  ];
  const row = firstRow(
    await (last ? writer.queryAndCommit<Row>(KEEP_SESSION, values) : writer.query<Row>(KEEP_SESSION, values)),
  );
  if (row.outcome === 'moved') return { kind: 'moved' };
  return { kind: 'kept', slotVersion: row.slot_version, sessionVersion: row.session_version };
}
