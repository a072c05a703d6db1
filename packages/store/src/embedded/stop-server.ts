import { pollUntil } from './poll-until.ts';
import { isAlive, type Postmaster } from './postmaster.ts';
import { backendsOf, endNow } from './server-processes.ts';

const STEPS: readonly { readonly signal: NodeJS.Signals; readonly timeoutMs: number }[] = [
  // Fast shutdown: sessions are ended, a checkpoint is written.
  { signal: 'SIGINT', timeoutMs: 15_000 },
  // Immediate shutdown: the next start recovers.
  { signal: 'SIGQUIT', timeoutMs: 5_000 },
  { signal: 'SIGKILL', timeoutMs: 5_000 },
];

export async function stopServer(postmaster: Postmaster): Promise<void> {
  for (const { signal, timeoutMs } of STEPS) {
    if (!(await isAlive(postmaster))) return;
    process.kill(postmaster.pid, signal);
    if (await isGone(postmaster, timeoutMs)) return;
  }
  throw new Error(`PostgreSQL process ${postmaster.pid} did not end.`);
}

/** Kills the postmaster and all backends, like a power failure of the server alone. */
export async function killServer(postmaster: Postmaster, cluster: string): Promise<void> {
  const backends = await backendsOf(cluster);
  if (await isAlive(postmaster)) endNow(postmaster.pid);
  for (const pid of backends) endNow(pid);
  await isGone(postmaster, 5_000);
}

async function isGone(postmaster: Postmaster, timeoutMs: number): Promise<boolean> {
  const gone = async () => ((await isAlive(postmaster)) ? undefined : true);
  return (await pollUntil(gone, { timeoutMs, everyMs: 10 })) === true;
}
