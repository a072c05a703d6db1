/** What can go wrong where archives are kept. Metrics count by it, and dead letters name it. */
export const STORE_FAILURES = [
  'store_unavailable',
  'store_denied',
  'store_full',
  'store_slow',
  'store_unusable',
  'store_changed',
  'object_missing',
  'object_damaged',
  'object_conflict',
  'object_in_removal',
] as const;
export type StoreFailureCode = (typeof STORE_FAILURES)[number];
