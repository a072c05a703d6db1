import { setTimeout as pause } from 'node:timers/promises';
import type { Recorder } from '../history/recorder.ts';
import type { Random } from '../random.ts';
import type { Board } from './board.ts';
import type { Said, Sending, Speaker } from './speaker.ts';

/** The context of one simulated client. */
export type User = {
  readonly speaker: Speaker;
  readonly random: Random;
  readonly board: Board;
  readonly recorder: Recorder;
  /** Makes a key, title, line or id that is unique in this campaign. */
  unique(name: string): string;
  readonly leaseMs: number;
  readonly ended: AbortSignal;
  /** Waits a random time of up to `longestMs` between two requests. */
  think(longestMs: number): Promise<void>;
};

const TRIES = 4;

/**
 * Sends a request and usually repeats it after a lost response, under the same idempotency key at the next address.
 * Sometimes it gives up instead.
 */
export async function insist(user: User, sending: Sending): Promise<Said> {
  const { speaker, random, board } = user;
  let said = await speaker.say(sending);
  for (let tried = 1; said.outcome === 'unknown' && tried < TRIES && random.chance(0.8); tried += 1) {
    if (user.ended.aborted) break;
    speaker.turnAway();
    await user.think(120 * tried);
    said = await speaker.say(sending);
  }
  if (sending.key !== undefined && random.chance(0.25)) board.keepSending(sending);
  // Sometimes repeats an acknowledged request at once.
  if (sending.key !== undefined && said.outcome === 'ok' && random.chance(0.03)) await speaker.say(sending);
  return said;
}

export async function sleepFor(user: User, ms: number): Promise<void> {
  await pause(ms, undefined, { signal: user.ended }).catch(() => undefined);
}
