import type { SessionId } from '@phaselock/core';

/** The folder that holds all archive objects of a store. */
export const OBJECTS_FOLDER = 'sessions';

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
  `${OBJECTS_FOLDER}/${(deleted_at ?? new Date(0)).toISOString().slice(0, DAY)}/${id}.v${version}-${sha256}${copy === 0 ? '' : `.copy-${copy}`}.json.gz`;

const SESSION = /^sessions\/(?:\d{4}-\d\d-\d\d\/)?([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})[./]v\d+-[\da-f]{64}[.]/;

/** The session that a key names, also in keys of earlier releases; undefined if no worker can have written the key. */
export const sessionOfKey = (key: string): string | undefined => SESSION.exec(key)?.[1];
