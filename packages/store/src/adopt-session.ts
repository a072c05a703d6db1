import type { SessionId, SlotKey, SlotState } from '@phaselock/core';
import { firstRow, type Writer, writeCall } from './sql.ts';

const ADOPT_SESSION = writeCall('adopt_session', 7);

/** `collapsed` counts the soft-deleted duplicates. `moved`: the slot has changed since it was read. */
export type AdoptedSession =
  | { readonly outcome: 'adopted'; readonly collapsed: number }
  | { readonly outcome: 'moved' };

/**
 * When a task first becomes guarded: puts a legacy session (created without the single-session rule) into its slot and
 * soft-deletes its duplicates.
 */
export async function adoptSession(
  writer: Writer,
  adopt: { slot: SlotKey; seen: SlotState; sessionId: SessionId; actor: string | null; waitMs: number },
  { last }: { last: boolean } = { last: true },
): Promise<AdoptedSession> {
  const { slot, seen } = adopt;
  const values = [
    slot.taskId,
    slot.phase,
    slot.mode,
    seen.generation,
    adopt.sessionId,
    adopt.actor,
    Math.max(1, Math.ceil(adopt.waitMs)),
  ];
  return firstRow(
    await (last
      ? writer.queryAndCommit<AdoptedSession>(ADOPT_SESSION, values)
      : writer.query<AdoptedSession>(ADOPT_SESSION, values)),
  );
}
