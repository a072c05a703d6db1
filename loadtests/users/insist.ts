import { sleep } from 'k6';
import type { Random } from '../../chaos/random.ts';
import { waitBeforeNextTry } from './next-try.ts';
import type { NamedSending, Said, Speaker } from './speaker.ts';

/** As a careful client sends it: after a lost answer the same again, under the same key and elsewhere, and after a refusal that passes when it is told to. */
export async function insist(speaker: Speaker, random: Random, sending: NamedSending): Promise<Said> {
  for (let tried = 1; ; tried += 1) {
    const said = await speaker.say(sending);
    const waitMs = waitBeforeNextTry(said, tried, random);
    if (waitMs === undefined) return said;
    sleep(waitMs / 1_000);
    if (said.outcome === 'unknown') speaker.turnAway();
  }
}
