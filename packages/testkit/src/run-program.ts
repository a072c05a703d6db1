import { spawn } from 'node:child_process';

export type Ran = { readonly exitCode: number | null; readonly said: string; readonly tookMs: number };

/** Runs a phaselock program to its end and returns its whole output. To read output while it runs, use `spawnNode`. */
export async function runProgram(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const since = performance.now();
  const child = spawn(process.execPath, [file, ...args], {
    env: { ...process.env, ...env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const exitCode = await new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  return { exitCode, said, tookMs: performance.now() - since };
}

/** Runs a program like `runProgram`, and throws unless it exits with 0. */
export async function runWell(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const ran = await runProgram(file, args, env);
  if (ran.exitCode !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${ran.exitCode}:\n${ran.said}`);
  return ran;
}
