import type { SlotKey } from '@phaselock/core';
import { Client } from 'pg';

export type HeldSlot = AsyncDisposable & { readonly pid: number; letGo(): Promise<void> };

/** Somebody else's connection that holds a slot's row, as a busy or hanging server would. */
export async function holdSlot(databaseUrl: string, { taskId, phase, mode }: SlotKey): Promise<HeldSlot> {
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  let held = true;
  const letGo = async (): Promise<void> => {
    if (held) await client.query('rollback');
    held = false;
  };
  await client.query('begin');
  const { rows } = await client.query<{ pid: number }>(
    'select pg_backend_pid() as pid from slots where task_id = $1 and phase = $2 and mode = $3 for update',
    [taskId, phase, mode],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('there is no such slot to hold');
  return {
    pid: row.pid,
    letGo,
    [Symbol.asyncDispose]: async () => {
      await client.end();
    },
  };
}
