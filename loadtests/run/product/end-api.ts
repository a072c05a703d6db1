import type { ApiProcess } from '../../../chaos/world/api-process.ts';
import { processesOf, signalAll } from './signal-tree.ts';

const PATIENCE_MS = 15_000;

/** Kills all processes of an API at once, like a power failure. */
export async function killApi(api: ApiProcess): Promise<void> {
  const all = processesOf(api.pid());
  const ended = api.end('SIGKILL');
  signalAll(all, 'SIGKILL');
  await ended;
}

/** Shuts an API down gracefully, and kills it after a time-out. */
export async function endApi(api: ApiProcess): Promise<void> {
  const all = processesOf(api.pid());
  const impatient = setTimeout(() => signalAll(all, 'SIGKILL'), PATIENCE_MS);
  await api.end('SIGTERM');
  clearTimeout(impatient);
  signalAll(all, 'SIGKILL');
}
