import type { SessionId } from '@phaselock/core';

const DAY = 'yyyy-mm-dd'.length;

/**
 * The key begins with the day of deletion, so that no folder holds more than one day. It contains the hash, so that
 * different content has a different key. If other content was found under the key, a copy number is added.
 */
export const objectKey = (
  { id, version, deleted_at }: { readonly id: SessionId; readonly version: number; readonly deleted_at: Date | null },
  sha256: string,
  copy: number,
): string =>
  `sessions/${(deleted_at ?? new Date(0)).toISOString().slice(0, DAY)}/${id}.v${version}-${sha256}${copy === 0 ? '' : `.copy-${copy}`}.json.gz`;
