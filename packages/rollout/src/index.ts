export type { Provider as FlagProvider } from '@openfeature/server-sdk';
export { murmur3 } from './bucketing/murmur3.ts';
export { BUCKETS, bucketOf, isInShare, type Share } from './bucketing/share.ts';
export type { Enrolment } from './flags/enrolment.ts';
export { type OpenFlags, type OpenFlagsOptions, openFlags } from './flags/open-flags.ts';
export { postgresFlagProvider } from './flags/postgres-provider.ts';
export { FLAG_CHANNEL, type FlagWatch, watchFlags } from './flags/watch-flags.ts';
