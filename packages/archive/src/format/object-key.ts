import type { SessionId } from '@phaselock/core';

const DAY = 'yyyy-mm-dd'.length;

/**
 * The day of its deletion first: what is archived together lies together, and no folder holds more than a day. The hash in the name: what is
 * the same is under the same key, and what is not never is. A copy has a number: what was first under the key turned out to be something else.
 */
export const objectKey = (
  { id, version, deleted_at }: { readonly id: SessionId; readonly version: number; readonly deleted_at: Date | null },
  sha256: string,
  copy: number,
): string =>
  `sessions/${(deleted_at ?? new Date(0)).toISOString().slice(0, DAY)}/${id}.v${version}-${sha256}${copy === 0 ? '' : `.copy-${copy}`}.json.gz`;
