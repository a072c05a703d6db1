import { setTimeout as pause } from 'node:timers/promises';

/** A signal for all processes of the program may end a worker that does not listen for it yet before the primary hears of it. */
const WHOSE_SIGNAL_MS = 500;

/** Where the workers answer, or nothing where a signal ended the program before. */
export async function urlUnlessEnded(url: Promise<string>, ended: Promise<void>): Promise<string | undefined> {
  const signalled = ended.then(() => undefined);
  try {
    return await Promise.race([url, signalled]);
  } catch (error) {
    const failure = pause(WHOSE_SIGNAL_MS).then(() => {
      throw error;
    });
    return await Promise.race([signalled, failure]);
  }
}
