import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Kills the child process when the scope ends, if it still runs. */
export function endWith(owned: AsyncDisposableStack, child: ChildProcess): void {
  owned.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  });
}
