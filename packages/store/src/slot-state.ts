import type { Generation, Mode, Phase, SessionId, SessionStatus, SlotKey, SlotState, TaskId } from '@phaselock/core';
import { type IdentityRow, toIdentity } from './identity-columns.ts';
import { firstRow, functionCall, type Sql, type Statement } from './sql.ts';

type SlotStateRow = {
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

const LOCK_SLOT = functionCall('lock_slot', 6);

export type LockSlot = {
  readonly slot: SlotKey;
  /** The slot state the caller assumes. If the version still matches, the session is not read again. */
  readonly known: SlotState | undefined;
  readonly waitMs: number;
  readonly holdMs: number;
};

/** Locks the slot’s row for the rest of the transaction. Returns its state, and whether another holder delayed it. */
export async function lockSlot(
  sql: Sql,
  { slot, known, waitMs, holdMs }: LockSlot,
): Promise<{ state: SlotState; waited: boolean }> {
  const { taskId, phase, mode } = slot;
  const wait = Math.max(1, Math.ceil(waitMs));
  const row = firstRow(
    await sql.query<SlotStateRow>(LOCK_SLOT, [taskId, phase, mode, known?.version ?? null, wait, holdMs]),
  );
  const state = row.unchanged === true && known !== undefined ? known : toSlotState(row);
  return { state, waited: row.waited === true };
}

function toSlotState(row: SlotStateRow): SlotState {
  const { slot_version: version, slot_generation: generation } = row;
  if (row.session_id === null) return { version, generation, live: null };
  const { session_id: id, status, guarded } = row;
  // The calling process sets `modelMissing` from its catalogue.
  const live = { id, generation: row.generation, identity: toIdentity(row), status, guarded, modelMissing: false };
  return { version, generation, live };
}
