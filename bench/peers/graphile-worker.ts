import { makeWorkerUtils } from 'graphile-worker';
import type { Operation } from '../measure.ts';

/** graphile-worker's replace: `addJob` with a key whose job is put in place of the one that is there. */
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
