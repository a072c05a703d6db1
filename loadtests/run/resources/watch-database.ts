import { writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { runAdminStatement } from '@phaselock/testkit';

const EVERY_MS = 5_000;
const CLIENTS = `select count(*)::int as clients from pg_stat_activity
  where backend_type = 'client backend' and pid <> pg_backend_pid()`;

/**
 * Watches the database until it is disposed of, then writes the number of WAL bytes and the highest number of
 * connections to the file; null if unknown.
 */
export async function watchDatabase(databaseUrl: string, file: string): Promise<AsyncDisposable> {
  const ending = new AbortController();
  const number = async (statement: string, values: readonly string[] = []): Promise<number | null> => {
    try {
      const [row] = await runAdminStatement(databaseUrl, statement, values);
      return Number(Object.values(row ?? {}).at(0));
    } catch {
      // The database may be down in scenarios with faults.
      return null;
    }
  };
  const [began] = await runAdminStatement(databaseUrl, 'select pg_current_wal_lsn()::text as lsn');
  const at = String(began?.lsn);
  let connections: number | null = null;
  const count = async (): Promise<void> => {
    const clients = await number(CLIENTS);
    if (clients !== null) connections = Math.max(connections ?? 0, clients);
  };
  const counting = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      await count();
      await pause(EVERY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const done = counting();
  let written: Promise<void> | undefined;
  const write = async (): Promise<void> => {
    ending.abort();
    await done;
    await count();
    const walBytes = await number('select pg_wal_lsn_diff(pg_current_wal_lsn(), $1::pg_lsn)::float8 as bytes', [at]);
    await writeFile(file, `${JSON.stringify({ walBytes, connections })}\n`);
  };
  return {
    [Symbol.asyncDispose]: () => {
      written ??= write();
      return written;
    },
  };
}
