import { makeWorkerUtils } from 'graphile-worker';
import type { Operation } from '../measure.ts';

/** graphile-worker's nearest operation to a replace: `addJob` with a key, which replaces the job under that key. */
export async function openGraphileWorker(
  connectionString: string,
  maxPoolSize: number,
): Promise<AsyncDisposable & { replace(keys: number): Operation }> {
  const worker = await makeWorkerUtils({ connectionString, maxPoolSize });
  await worker.migrate();
  return {
    replace: (keys) => async (client) => {
      await worker.addJob(
        'replace',
        { model: 'claude-opus-4-5' },
        { jobKey: `${keys}/${client % keys}`, jobKeyMode: 'replace' },
      );
      return true;
    },
    [Symbol.asyncDispose]: async () => void (await worker.release()),
  };
}
