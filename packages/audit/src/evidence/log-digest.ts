import { createHash } from 'node:crypto';

/** The digest of a log with one more line. A log without lines has none. */
export const logDigestAfter = (before: Buffer | undefined, lineHash: Buffer): Buffer =>
  createHash('sha256')
    .update(before ?? Buffer.of())
    .update(lineHash)
    .digest();

/** The hash of one line, as the database computes it. */
export const logLineHash = (kind: string, line: string): Buffer =>
  createHash('sha256').update(`${kind}\x1f${line}`).digest();
