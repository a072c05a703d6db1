import type { ApiProcess } from '../../../chaos/world/api-process.ts';
import { processesOf, signalAll } from './signal-tree.ts';

const PATIENCE_MS = 15_000;

/** As a machine that loses its power ends it: all of its processes at once. */
export async function killApi(api: ApiProcess): Promise<void> {
  const all = processesOf(api.pid());
  const ended = api.end('SIGKILL');
  signalAll(all, 'SIGKILL');
  await ended;
}

/** In good order; what takes too long is killed. */
export async function endApi(api: ApiProcess): Promise<void> {
  const all = processesOf(api.pid());
  const impatient = setTimeout(() => signalAll(all, 'SIGKILL'), PATIENCE_MS);
  await api.end('SIGTERM');
  clearTimeout(impatient);
  signalAll(all, 'SIGKILL');
}
