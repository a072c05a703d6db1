import { setTimeout as pause } from 'node:timers/promises';

/**
 * A signal sent to all processes may end a starting worker before the primary has received it; waits this long for it.
 */
const WHOSE_SIGNAL_MS = 500;

/** The URL of the workers, or undefined if a signal ended the program first. */
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
