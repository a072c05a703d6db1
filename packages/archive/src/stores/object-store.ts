import type { StoreFailureCode } from '@phaselock/core';

/** Content that can be read more than once, because a write may be retried. */
export type ObjectBody = {
  readonly bytes: number;
  readonly sha256: string;
  open(): AsyncIterable<Uint8Array>;
};

/** `exists`: there was already an object under the key, and it was left unchanged. */
export type Put = { readonly kind: 'written' | 'exists'; readonly version: string | null };

/** Storage for archives. Objects are never overwritten, and a finished `put` survives a power failure. */
export type ObjectStore = {
  /** Location for messages, without secrets. */
  readonly place: string;
  /**
   * Creates the folder of a folder store; does nothing for a bucket. Called on first use only: a folder that is missing
   * later is an error.
   */
  make(): Promise<void>;
  /**
   * Checks that the store exists, keeps versions and is writable. Returns warnings; throws a StoreFailure with a
   * remedy.
   */
  check(): Promise<readonly string[]>;
  put(key: string, body: ObjectBody): Promise<Put>;
  /** Undefined when the object does not exist. `version` selects the written version, in stores that keep versions. */
  get(key: string, version: string | null): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** The keys of all objects in this folder and in the folders below it, in no particular order. */
  list(folder: string): AsyncIterable<string>;
  /** Removes all versions. Succeeds when there is no such object. */
  remove(key: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A failure of the object store, with a message for the operator. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  readonly code: StoreFailureCode;

  constructor(code: StoreFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Whether the failure concerns the store as a whole, so that the next object would fail too. */
export const concernsWholeStore = (code: StoreFailureCode): boolean =>
  code === 'store_unavailable' ||
  code === 'store_denied' ||
  code === 'store_full' ||
  code === 'store_slow' ||
  code === 'store_changed';
