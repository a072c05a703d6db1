import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';

export type OwnProcess = AsyncDisposable & { readonly pid: number; running(): boolean };

type Spawned = { readonly args: readonly string[]; readonly env?: NodeJS.ProcessEnv; readonly output: string };

/** Starts a third-party program, whose output is appended to a file. It is killed when this process exits. */
export function ownProcess(command: string, { args, env, output }: Spawned): OwnProcess {
  const file = openSync(output, 'a');
  const child: ChildProcess = spawn(command, args, {
    stdio: ['pipe', file, file],
    env: { ...process.env, ...env },
  });
  closeSync(file);
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);
  const running = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? -1,
    running,
    async [Symbol.asyncDispose]() {
      process.off('exit', kill);
      if (!running()) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
