import { startEmbeddedPostgres } from '../start-embedded-postgres.ts';

// Run in a process of its own: uses the server on the directory it is given until it is told to end.
const [, , dataDir = ''] = process.argv;
const say = (line: string): void => void process.stdout.write(`${line}\n`);
const server = await startEmbeddedPostgres({
  dataDir,
  settings: { fsync: 'off' },
  log: say,
  observe: (event) => {
    if (event.kind === 'running-again') say(`again ${event.startedHere ? 'started' : 'joined'} ${event.pid}`);
    else say(event.kind);
  },
});
say(`ready ${server.reused ? 'reused' : 'started'} ${server.pid}`);
const waiting = setInterval(() => undefined, 60_000);
process.once('SIGTERM', async () => {
  clearInterval(waiting);
  await server.stop();
});
