import { run } from '../run.ts';

/** The command as a user runs it, which dies without a word at the place it is told. */
const [place, ...argv] = process.argv.slice(2);
const { env, stdout, stderr } = process;
process.exitCode = await run({
  argv,
  env,
  stdout,
  stderr,
  ended: new AbortController().signal,
  racepoint: (name) => {
    if (name === place) process.kill(process.pid, 'SIGKILL');
  },
});
