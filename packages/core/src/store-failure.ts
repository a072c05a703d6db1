/** Failures of the archive store, used as a metric label and recorded in dead-letter entries. */
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
