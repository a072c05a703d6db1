import { sleep } from 'k6';
import type { Random } from '../../chaos/random.ts';
import { waitBeforeNextTry } from './next-try.ts';
import type { NamedSending, Said, Speaker } from './speaker.ts';

/**
 * Sends a request with retries under the same idempotency key, as a careful client does. After a lost response or a
 * 5xx, the retry goes to the next API address; after a temporary refusal, to the same one. `waitBeforeNextTry` decides
 * whether and when. Returns the outcome of the last attempt.
 */
export async function insist(speaker: Speaker, random: Random, sending: NamedSending): Promise<Said> {
  for (let tried = 1; ; tried += 1) {
    const said = await speaker.say(sending);
    const waitMs = waitBeforeNextTry(said, tried, random);
    if (waitMs === undefined) return said;
    sleep(waitMs / 1_000);
    if (said.outcome === 'unknown') speaker.turnAway();
  }
}
