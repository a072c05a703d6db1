import { Client } from 'pg';

export type HeldLock = AsyncDisposable & { readonly pid: number; letGo(): Promise<void> };

/** Holds a lock in a transaction of a separate connection, as a busy or hanging server would. */
export async function holdLock(databaseUrl: string, statement: string, values: unknown[] = []): Promise<HeldLock> {
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  const { rowCount } = await client.query(statement, values);
  if (rowCount === 0) throw new Error(`the statement locked no row: ${statement}`);
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  let held = true;
  return {
    pid: rows[0]?.pid ?? 0,
    letGo: async () => {
      if (held) await client.query('rollback');
      held = false;
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
