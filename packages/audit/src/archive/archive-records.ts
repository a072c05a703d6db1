import type { Row } from '../check.ts';
import type { LogDigest } from './compare-document.ts';

/** What the database records about its archives and what they can be compared with. */
export type ArchiveRecords = {
  /** A page of the archives whose objects should be in the store, after the given id. Empty at the end. */
  page(after: string | null): Promise<readonly Row[]>;
  /** What the database says about the sessions of archives, one row per part of their documents. */
  parts(ids: readonly string[]): Promise<readonly Row[]>;
  /** The log lines of a session up to this id. */
  logDigest(id: string, lastLine: number): Promise<LogDigest>;
  /** Whether the object of an archive has been removed, or is being removed, since the snapshot of the audit. */
  wasRemoved(id: string): Promise<boolean>;
  /** The recorded archive store; undefined before the first archive. */
  store(): Promise<Row | undefined>;
  /** Undefined if only a part of the history is audited, or if the database lags behind its primary. */
  readonly inventory: StoreInventory | undefined;
};

/**
 * Compares what is in the store with the records. A worker records the key of an object before it writes it, so an
 * object that was in the store is on record afterwards.
 */
export type StoreInventory = {
  /** Those of the objects that are neither an archive nor being written nor left for removal. */
  unknownObjects(objects: readonly ListedObject[]): Promise<readonly Row[]>;
  /** Those of the seals that this database did not write. */
  unknownSeals(seals: readonly string[]): Promise<readonly Row[]>;
};

/** An object in the store, and the session that its key names. */
export type ListedObject = { readonly objectKey: string; readonly sessionId: string | null };
