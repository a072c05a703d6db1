import { PgBoss } from 'pg-boss';
import type { Operation } from '../measure.ts';

const QUEUE = 'replace';

/** pg-boss's nearest operation to a replace: in a queue with one job per key, cancels the job and sends a new one. */
export async function openPgBoss(
  connectionString: string,
  maxSize: number,
): Promise<AsyncDisposable & { replace(keys: number): Operation }> {
  const boss = new PgBoss({ connectionString, max: maxSize, supervise: false, schedule: false });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue(QUEUE, { policy: 'exclusive' });
  const live = new Map<string, string>();
  return {
    replace: (keys) => async (client) => {
      const singletonKey = `${keys}/${client % keys}`;
      const old = live.get(singletonKey);
      if (old !== undefined) await boss.cancel(QUEUE, old);
      const id = await boss.send(QUEUE, { model: 'claude-opus-4-5' }, { singletonKey });
      if (id === null) return false;
      live.set(singletonKey, id);
      return true;
    },
    [Symbol.asyncDispose]: () => boss.stop({ graceful: false }),
  };
}
