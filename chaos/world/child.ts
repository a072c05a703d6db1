import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

type ChildExit = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type Child = {
  readonly pid: number;
  signal(signal: NodeJS.Signals): void;
  readonly exited: Promise<ChildExit>;
  readonly running: () => boolean;
};

/** Starts a child process that appends its output to a file and is killed when this process exits. */
export function startChild(
  command: string,
  args: readonly string[],
  { log, env, cwd }: { readonly log: string; readonly env?: NodeJS.ProcessEnv; readonly cwd?: string },
): Child {
  const output = openSync(log, 'a');
  let child: ChildProcess;
  try {
    child = spawn(command, args, { stdio: ['ignore', output, output], env: { ...process.env, ...env }, cwd });
  } finally {
    closeSync(output);
  }
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('error', () => resolve({ code: -1, signal: null }));
    child.once('exit', (code, signal) => {
      process.off('exit', kill);
      resolve({ code, signal });
    });
  });
  return {
    pid: child.pid ?? -1,
    signal: (signal) => void child.kill(signal),
    exited,
    running: () => child.exitCode === null && child.signalCode === null,
  };
}
