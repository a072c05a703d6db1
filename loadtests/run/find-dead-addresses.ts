import { setTimeout as pause } from 'node:timers/promises';
import { tellError } from './tell-error.ts';

type DeadAddress = { readonly url: string; readonly why: string };

const LOOK_EVERY_MS = 200;
const ANSWERS_WITHIN_MS = 5_000;

/** Returns the addresses that do not respond within the time, which allows for a restart. */
export async function findDeadAddresses(urls: readonly string[], withinMs: number): Promise<readonly DeadAddress[]> {
  const giveUpAt = performance.now() + withinMs;
  const whyDead = async (url: string): Promise<DeadAddress[]> => {
    for (;;) {
      try {
        const answer = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(ANSWERS_WITHIN_MS) });
        await answer.body?.cancel();
        return [];
      } catch (error) {
        if (performance.now() > giveUpAt) return [{ url, why: tellError(error) }];
        await pause(LOOK_EVERY_MS);
      }
    }
  };
  return (await Promise.all(urls.map(whyDead))).flat();
}
