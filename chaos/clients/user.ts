import { setTimeout as pause } from 'node:timers/promises';
import type { Recorder } from '../history/recorder.ts';
import type { Random } from '../random.ts';
import type { Board } from './board.ts';
import type { Said, Sending, Speaker } from './speaker.ts';

/** What each of a user's programs works with. */
export type User = {
  readonly speaker: Speaker;
  readonly random: Random;
  readonly board: Board;
  readonly recorder: Recorder;
  /** Shown to nobody else: makes every key, title, line and id of this campaign its own. */
  unique(name: string): string;
  readonly leaseMs: number;
  readonly ended: AbortSignal;
  /** How long is thought between two calls; grows when the machine has less to give. */
  think(longestMs: number): Promise<void>;
};

const TRIES = 4;

/** As a careful program does it: after a lost answer the same again, most often elsewhere and under the same key. A careless one leaves it. */
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
  // Some send what was answered once more, at once.
  if (sending.key !== undefined && said.outcome === 'ok' && random.chance(0.03)) await speaker.say(sending);
  return said;
}

export async function sleepFor(user: User, ms: number): Promise<void> {
  await pause(ms, undefined, { signal: user.ended }).catch(() => undefined);
}
