import type { Generation, Mode, Phase, SessionId, SessionStatus, SlotKey, SlotState, TaskId } from '@phaselock/core';
import { type IdentityRow, toIdentity } from './identity-columns.ts';
import { firstRow, functionCall, type Grouping, type Sql, type Statement } from './sql.ts';

export type SlotStateRow = {
  readonly slot_version: number;
  readonly slot_generation: Generation;
  readonly slot_live: SessionId | null;
  /** These two are only set by `lock_slot`. */
  readonly waited: boolean | null;
  readonly unchanged: boolean | null;
} & (
  | { readonly session_id: null }
  | (IdentityRow & {
      readonly session_id: SessionId;
      readonly generation: Generation;
      readonly status: SessionStatus;
      readonly guarded: boolean;
    })
);

const SLOT_STATE = functionCall('slot_state', 3);

/**
 * Reads a slot without a lock. It takes no transaction id and no flush, which halves its cost; the same-model path
 * needs no lock.
 */
export async function readSlotState(sql: Sql, { taskId, phase, mode }: SlotKey): Promise<SlotState> {
  return toSlotState(firstRow(await sql.query<SlotStateRow>(SLOT_STATE, [taskId, phase, mode])));
}

const SLOT_STATES: Statement = {
  name: 'slot_states',
  text: `
    select k.task_id, k.phase, k.mode, state.*
    from unnest($1::uuid[], $2::text[], $3::text[]) as k(task_id, phase, mode)
    cross join lateral slot_state(k.task_id, k.phase, k.mode) as state`,
};

export type KeyedSlotState = { readonly slot: SlotKey; readonly state: SlotState };

export async function readSlotStates(sql: Sql, slots: readonly SlotKey[]): Promise<KeyedSlotState[]> {
  const rows = await sql.query<SlotStateRow & { task_id: TaskId; phase: Phase; mode: Mode }>(SLOT_STATES, [
    slots.map((slot) => slot.taskId),
    slots.map((slot) => slot.phase),
    slots.map((slot) => slot.mode),
  ]);
  return rows.map((row) => ({
    slot: { taskId: row.task_id, phase: row.phase, mode: row.mode },
    state: toSlotState(row),
  }));
}

/** Only in a transaction. Several callers can share one: see `slotLocks`. */
const LOCK_SLOT = functionCall('lock_slot', 6);

export const LOCK_SLOTS: Grouping = {
  write: 'lock_slot',
  waitAt: 5,
  keyOf: ([taskId, phase, mode]) => `${taskId} ${phase} ${mode}`,
  way: {
    kind: 'each',
    types: ['uuid', 'text', 'text', 'bigint', 'integer', 'integer'],
    // A slot without a row is left out: the function for one inserts it.
    lock: `
      select s.task_id as first from slots s where s.task_id = i.p1 and s.phase = i.p2 and s.mode = i.p3
      for update skip locked`,
  },
};

export type LockSlot = {
  readonly slot: SlotKey;
  /** The slot state the caller assumes. If the version still matches, the session is not read again. */
  readonly known: SlotState | undefined;
  readonly waitMs: number;
  readonly holdMs: number;
};

/** The state of a locked slot, and whether another holder delayed the lock. */
export type LockedState = { readonly state: SlotState; readonly waited: boolean };

/** Locks the slot’s row for the rest of the transaction. */
export async function lockSlot(sql: Sql, lock: LockSlot): Promise<LockedState> {
  return lockedState(firstRow(await sql.query<SlotStateRow>(LOCK_SLOT, lockValues(lock))), lock);
}

export const lockValues = ({ slot: { taskId, phase, mode }, known, waitMs, holdMs }: LockSlot): readonly unknown[] => [
  taskId,
  phase,
  mode,
  known?.version ?? null,
  Math.max(1, Math.ceil(waitMs)),
  holdMs,
];

export const lockedState = (row: SlotStateRow, { known }: LockSlot): LockedState => ({
  state: row.unchanged === true && known !== undefined ? known : toSlotState(row),
  waited: row.waited === true,
});

function toSlotState(row: SlotStateRow): SlotState {
  const { slot_version: version, slot_generation: generation } = row;
  if (row.session_id === null) return { version, generation, live: null };
  const { session_id: id, status, guarded } = row;
  // The calling process sets `modelMissing` from its catalogue.
  const live = { id, generation: row.generation, identity: toIdentity(row), status, guarded, modelMissing: false };
  return { version, generation, live };
}
