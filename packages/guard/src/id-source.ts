import { randomFillSync } from 'node:crypto';
import { uuidV7 } from '@phaselock/core';

const RANDOM_BYTES = 10;
const IDS_A_FILL = 256;

/**
 * Generates UUIDv7 ids, so that a session has its id before its agent starts. Random bytes are fetched for many ids at
 * once, which costs a fiftieth of fetching them for each id.
 */
export function idSource(unixMs: () => number): () => string {
  const pool = new Uint8Array(RANDOM_BYTES * IDS_A_FILL);
  let used = pool.length;
  return () => {
    if (used === pool.length) {
      randomFillSync(pool);
      used = 0;
    }
    const random = pool.subarray(used, used + RANDOM_BYTES);
    used += RANDOM_BYTES;
    return uuidV7(unixMs(), random);
  };
}
