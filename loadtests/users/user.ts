import { sleep } from 'k6';
import { MODEL_NAMES } from '../../chaos/clients/models.ts';
import type { Random } from '../../chaos/random.ts';
import type { NamedSending, Said } from './speaker.ts';

/** The context of one simulated user. */
export type User = {
  readonly random: Random;
  /** Sends a request, with the retries of a careful client. */
  say(sending: NamedSending): Promise<Said>;
  /** Makes a key, title, line or id that is unique in this run. */
  unique(name: string): string;
  /** Waits for a random think time around the mean. */
  think(): void;
};

/** Sleeps from 4/7 to 10/7 of the mean: 2 to 5 s for 3.5 s. */
export const thinkFor = (meanSeconds: number, random: () => number): void =>
  sleep((meanSeconds * (4 + 6 * random())) / 7);

export const otherModel = (random: Random, than: string): string =>
  random.pick(MODEL_NAMES.filter((name) => name !== than));
