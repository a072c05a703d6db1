import { run } from '../src/run.ts';

/** Runs the command as a user does, and kills its process with SIGKILL at the given racepoint. */
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
