import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Kills a child process with SIGKILL and waits for its exit. */
export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
