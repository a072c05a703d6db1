import { sleep } from 'k6';
import { MODEL_NAMES } from '../../chaos/clients/models.ts';
import type { Random } from '../../chaos/random.ts';
import type { NamedSending, Said } from './speaker.ts';

/** What everybody who acts in a load works with. */
export type User = {
  readonly random: Random;
  /** Sends it, again where a careful client would. */
  say(sending: NamedSending): Promise<Said>;
  /** Shown to nobody else in this run: makes every key, title, line and id its own. */
  unique(name: string): string;
  /** The time between an answer and the next request: around the mean, never much more or less. */
  think(): void;
};

/** From four to ten sevenths of the mean: 2 to 5 s for 3.5 s. */
export const thinkFor = (meanSeconds: number, random: () => number): void =>
  sleep((meanSeconds * (4 + 6 * random())) / 7);

export const otherModel = (random: Random, than: string): string =>
  random.pick(MODEL_NAMES.filter((name) => name !== than));
