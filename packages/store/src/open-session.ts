import type {
  DeletionReason,
  Generation,
  ModelIdentity,
  SessionId,
  SlotKey,
  SlotState,
  TurnReason,
} from '@phaselock/core';
import { firstRow, grouped, type Writer, writeCall } from './sql.ts';

/** The row that gives a repeated call the response of the first one. Written in the transaction of its effect. */
export type IdempotencyRow = {
  readonly scope: string;
  readonly key: string;
  readonly requestHash: string;
  readonly response: unknown;
};

export type OpenSession = {
  readonly slot: SlotKey;
  /** The slot state the decision was made on. If the slot has changed, nothing is written. */
  readonly seen: SlotState;
  readonly sessionId: SessionId;
  readonly identity: ModelIdentity;
  readonly milestoneId: string | null;
  readonly createdBy: string | null;
  readonly reason: DeletionReason | Extract<TurnReason, 'first'>;
  readonly handoff: string | null;
  readonly idempotency: IdempotencyRow | null;
  readonly waitMs: number;
};

export type OpenedSession =
  | {
      readonly kind: 'opened';
      readonly generation: Generation;
      readonly slotVersion: number;
      /** The number of unguarded duplicates that were soft-deleted together with the predecessor. */
      readonly collapsed: number;
    }
  | { readonly kind: 'moved' };

type Row =
  | { outcome: 'opened'; generation: Generation; slot_version: number; collapsed: number | null }
  | { outcome: 'moved' };

// A PL/pgSQL function. One statement of chained CTEs is 5 to 10 % faster, but data-modifying CTEs have no defined
// order, which is easy to overlook. A transaction of six round trips is half as fast. See docs/benchmarks.md.
const OPEN_SESSION = grouped(writeCall('open_session', 21), {
  write: 'open_session',
  waitAt: 21,
  keyOf: ([taskId, phase, mode]) => `${taskId} ${phase} ${mode}`,
  way: {
    kind: 'at-once',
    name: 'open_sessions_at_once',
    keys: [
      ...['task_id', 'phase', 'mode', 'seen_generation', 'seen_live', 'seen_legacy', 'session_id', 'agent', 'variant'],
      ...[
        'model',
        'resolved_model',
        'parameters',
        'milestone_id',
        'created_by',
        'reason',
        'handoff',
        'key_scope',
        'key',
      ],
      ...['request_hash', 'response', 'wait_ms'],
    ],
  },
});

export async function openSession(
  writer: Writer,
  open: OpenSession,
  { last }: { last: boolean } = { last: true },
): Promise<OpenedSession> {
  const { slot, seen, identity, idempotency } = open;
  const { live } = seen;
  const values = [
    slot.taskId,
    slot.phase,
    slot.mode,
    seen.generation,
    live?.guarded ? live.id : null,
    live !== null && !live.guarded ? live.id : null,
    open.sessionId,
    identity.agent,
    identity.variant,
    identity.model,
    identity.resolvedModel,
    JSON.stringify(identity.parameters),
    open.milestoneId,
    open.createdBy,
    open.reason,
    open.handoff,
    idempotency?.scope ?? null,
    idempotency?.key ?? null,
    idempotency?.requestHash ?? null,
    idempotency === null ? null : JSON.stringify(idempotency.response),
    Math.max(1, Math.ceil(open.waitMs)),
  ];
  const row = firstRow(
    await (last ? writer.queryAndCommit<Row>(OPEN_SESSION, values) : writer.query<Row>(OPEN_SESSION, values)),
  );
  if (row.outcome === 'moved') return { kind: 'moved' };
  const { generation, slot_version: slotVersion, collapsed } = row;
  return { kind: 'opened', generation, slotVersion, collapsed: collapsed ?? 0 };
}
