import { once } from 'node:events';
import { openLocalGuard } from '@phaselock/guard';

const dataDir = process.env.PHASELOCK_DATA_DIR ?? '.phaselock';

await using guard = await openLocalGuard({ dataDir });
const { sessions } = await guard.list({}, { limit: 200 });

console.log(`phaselock is up: PostgreSQL with the guard's schema, kept in ${dataDir}

  database   ${guard.databaseUrl}
  sessions   ${sessions.length === 200 ? '200 or more' : sessions.length} live

A first guarded session, in another terminal:

  npx pnpm@12 example

Ctrl-C stops it; the data stays.`);

// A timer keeps the process up: nothing else has to run for the server to be there.
const awake = setInterval(() => {}, 60_000);
await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
clearInterval(awake);
