import { sleep } from 'k6';
import type { Random } from '../../chaos/random.ts';
import { waitBeforeNextTry } from './next-try.ts';
import type { NamedSending, Said, Speaker } from './speaker.ts';

/**
 * Sends a request with retries, as a careful client does: after a lost response under the same idempotency key to the
 * next address, and after a temporary refusal once `Retry-After` has passed.
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
