import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** Whatever it is at, it does not outlive what it works for. */
export function endWith(owned: AsyncDisposableStack, child: ChildProcess): void {
  owned.defer(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'close');
  });
}
