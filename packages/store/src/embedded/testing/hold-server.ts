import { startEmbeddedPostgres } from '../start-embedded-postgres.ts';

// Run in a process of its own: uses the server on the directory it is given until it is told to end.
const [, , dataDir = ''] = process.argv;
const server = await startEmbeddedPostgres({
  dataDir,
  settings: { fsync: 'off' },
  log: (line) => process.stdout.write(`${line}\n`),
});
process.stdout.write(`ready ${server.reused ? 'reused' : 'started'} ${server.pid}\n`);
const waiting = setInterval(() => undefined, 60_000);
process.once('SIGTERM', async () => {
  clearInterval(waiting);
  await server.stop();
});
