import { startEmbeddedPostgres } from '../../src/embedded/start-embedded-postgres.ts';

// Runs as a separate process: uses the server on the given directory until SIGTERM.
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
