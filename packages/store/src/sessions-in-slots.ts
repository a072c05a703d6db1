import type { SessionId } from '@phaselock/core';
import type { Sql, Statement } from './sql.ts';

// A guarded session that is live holds its slot, whatever its status; a legacy one is what the next guarded start would find there.
const SESSIONS_IN_SLOTS: Statement = {
  name: 'sessions_in_slots',
  text: 'select id from sessions where id = any ($1::uuid[]) and deleted_at is null and not standalone',
};

/** Those of the sessions that are the live conversation of a slot. One that has left never comes back, so an answer that has none stays true. */
export async function sessionsInSlots(sql: Sql, ids: readonly SessionId[]): Promise<SessionId[]> {
  return (await sql.query<{ id: SessionId }>(SESSIONS_IN_SLOTS, [ids])).map(({ id }) => id);
}
