import type { SessionId } from '@phaselock/core';
import type { Sql, Statement } from './sql.ts';

// A live guarded session occupies its slot in any status. A live unguarded session counts too, because the next
// guarded start finds it in the slot.
const SESSIONS_IN_SLOTS: Statement = {
  name: 'sessions_in_slots',
  text: 'select id from sessions where id = any ($1::uuid[]) and deleted_at is null and not standalone',
};

/** Returns the given sessions that are live in a slot. A session that has left its slot never returns to it. */
export async function sessionsInSlots(sql: Sql, ids: readonly SessionId[]): Promise<SessionId[]> {
  return (await sql.query<{ id: SessionId }>(SESSIONS_IN_SLOTS, [ids])).map(({ id }) => id);
}
