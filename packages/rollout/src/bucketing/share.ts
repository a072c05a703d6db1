import { murmur3 } from './murmur3.ts';

export const BUCKETS = 10_000;
const BUCKETS_A_PERCENT = BUCKETS / 100;

export type Share = { readonly flag: string; readonly salt: string; readonly percent: number };

/** Always the same for the same subject, and unrelated to its bucket under another flag or salt. */
export const bucketOf = ({ flag, salt }: Pick<Share, 'flag' | 'salt'>, subject: string): number =>
  murmur3(`${flag}:${salt}:${subject}`) % BUCKETS;

/**
 * Whether a flag that applies to so many percent of its subjects applies to this one. Whoever is among 5 % is among 25 % as well. Without a subject
 * it does not apply: there is nobody to remember.
 */
export const isInShare = (share: Share, subject: string | undefined): boolean =>
  // Percentages have two decimals, which a product of floating point numbers can miss by a hair.
  subject !== undefined && subject !== '' && bucketOf(share, subject) < Math.round(share.percent * BUCKETS_A_PERCENT);
