import { murmur3 } from './murmur3.ts';

export const BUCKETS = 10_000;
const BUCKETS_A_PERCENT = BUCKETS / 100;

export type Share = { readonly flag: string; readonly salt: string; readonly percent: number };

/** The bucket of a subject. It is stable, and independent of the bucket under another flag or salt. */
export const bucketOf = ({ flag, salt }: Pick<Share, 'flag' | 'salt'>, subject: string): number =>
  murmur3(`${flag}:${salt}:${subject}`) % BUCKETS;

/**
 * Whether the share of a flag includes a subject. A subject that is in a share of 5 % is also in one of 25 %. Without a
 * subject the flag does not apply, because the result could not stay the same for the caller.
 */
export const isInShare = (share: Share, subject: string | undefined): boolean =>
  // Percentages have two decimals; rounding removes the floating-point error of the product.
  subject !== undefined && subject !== '' && bucketOf(share, subject) < Math.round(share.percent * BUCKETS_A_PERCENT);
