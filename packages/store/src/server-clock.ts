/** What is known of the server's clock, from what it said in answers. */
export type ServerClock = {
  /** The moment in so many milliseconds, by the server's clock; null before it said anything. Late by one round trip at most, never early. */
  in(ms: number): number | null;
  /** The moment it is now at the earliest, and a little less; null before it said anything. */
  since(): number | null;
  /** What it said in the answer to something that was sent then, by our own clock. */
  heard(serverMs: number, sentAt: number): void;
};

/** Two clocks that run at slightly different speeds drift apart by no more than this between two answers. */
const DRIFT_MS = 1_000;

type Ahead = { readonly least: number; readonly most: number };

/**
 * An answer that was sent after `sentAt` and is here now bounds how far the two clocks are apart. Each answer narrows what is known; one that
 * contradicts it means that a clock was set, or that this is another server, and replaces it.
 */
export function serverClock(now: () => number): ServerClock {
  let known: Ahead | undefined;
  return {
    in: (ms) => (known === undefined ? null : now() + ms + known.most),
    since: () => (known === undefined ? null : now() + known.least - DRIFT_MS),
    heard(serverMs, sentAt) {
      const heard: Ahead = { least: serverMs - now(), most: serverMs - sentAt };
      known = (known && overlapOf(known, heard)) ?? heard;
    },
  };
}

function overlapOf(one: Ahead, other: Ahead): Ahead | undefined {
  const both = { least: Math.max(one.least, other.least), most: Math.min(one.most, other.most) };
  return both.least <= both.most ? both : undefined;
}
