import { once } from 'node:events';
import { type OpenLocalGuard, openLocalGuard } from '@phaselock/guard';

const dataDir = process.env.PHASELOCK_DATA_DIR ?? '.phaselock';

const banner = (
  databaseUrl: string,
  live: number,
): string => `phaselock is up: PostgreSQL with the guard's schema, kept in ${dataDir}

  database   ${databaseUrl}
  sessions   ${live} live

A first guarded session, in another terminal:

  npx pnpm@12 example

Ctrl-C stops it; the data stays.`;

async function open(): Promise<OpenLocalGuard | undefined> {
  try {
    return await openLocalGuard({ dataDir });
  } catch (error) {
    console.error(`phaselock did not start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
    return undefined;
  }
}

await using guard = await open();
if (guard !== undefined) {
  const { rows } = await guard.database.pool.pg.query<{ live: number }>(
    'select count(*) as live from sessions where deleted_at is null',
  );
  console.log(banner(guard.databaseUrl, rows[0]?.live ?? 0));
  // A timer keeps the process up: nothing else has to run for the server to be there.
  const awake = setInterval(() => {}, 60_000);
  await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  clearInterval(awake);
}
