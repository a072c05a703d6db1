import { touchRun } from '@phaselock/store';
import type { Worker } from './open-worker.ts';

const EVERY_MS = 30_000;

/** Records twice a minute that a worker is processing the run. A run without this update counts as stalled. */
export async function keepRun({ database }: Pick<Worker, 'database'>, runId: string | null): Promise<Disposable> {
  if (runId === null) return { [Symbol.dispose]: () => undefined };
  const tell = (): Promise<void> => touchRun(database.kysely, runId).catch(() => undefined);
  await tell();
  const timer = setInterval(() => void tell(), EVERY_MS);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}
