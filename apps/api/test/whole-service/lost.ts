import { parseSessionId } from '@phaselock/core';
import type { OpenGuard } from '@phaselock/guard';
import type { Acknowledged } from './load.ts';

/** The acknowledged sessions that are not in the database with the acknowledged generation and task. */
export async function lostOf(guard: OpenGuard, acknowledged: readonly Acknowledged[]): Promise<Acknowledged[]> {
  const ids = [...new Set(acknowledged.map(({ sessionId }) => parseSessionId(sessionId)))].filter(
    (id) => id !== undefined,
  );
  const rows = await guard.database.query<{ id: string; generation: number; task_id: string }>(
    { name: 'told_sessions', text: 'select id, generation, task_id from sessions where id = any ($1::uuid[])' },
    [ids],
  );
  const there = new Set(rows.map(({ id, generation, task_id }) => `${id} ${generation} ${task_id}`));
  return acknowledged.filter(({ sessionId, generation, taskId }) => !there.has(`${sessionId} ${generation} ${taskId}`));
}

/** The acknowledged processes that are not in the database. */
export async function lostTurns(guard: OpenGuard, told: readonly string[]): Promise<string[]> {
  const rows = await guard.database.query<{ id: string }>(
    { name: 'told_processes', text: 'select id from processes where id = any ($1::uuid[])' },
    [told],
  );
  const there = new Set(rows.map(({ id }) => id));
  return told.filter((id) => !there.has(id));
}
