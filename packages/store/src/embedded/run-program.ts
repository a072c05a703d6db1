import { spawn } from 'node:child_process';
import type { ServerAccount } from './server-account.ts';
import { wayOut } from './way-out.ts';

/**
 * The environment without PG* variables, which refer to other servers, and without the caller’s locale and time zone.
 */
export function serverEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG') && !name.startsWith('LC_'));
  return { ...Object.fromEntries(kept), LANG: 'C', TZ: 'UTC' };
}

/** Runs a program to its end. The error of a failed run contains its output. */
export async function runProgram(
  program: string,
  args: readonly string[],
  cwd: string,
  account: ServerAccount,
): Promise<void> {
  const child = spawn(program, args, { ...account, cwd, env: serverEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const collect = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const outcome = await new Promise<number | NodeJS.Signals | Error | null>((resolve) => {
    child.once('error', resolve);
    child.once('close', (code, signal) => resolve(signal ?? code));
  });
  if (outcome === 0) return;
  const reason = outcome instanceof Error ? outcome.message : `ended with ${outcome}:\n${output}`;
  throw new Error(`${program} ${reason}\n${wayOut}`);
}
