import type { StoreFailureCode } from '@phaselock/core';

/** Bytes that can be read more than once: a write may have to be tried again. */
export type ObjectBody = {
  readonly bytes: number;
  readonly sha256: string;
  open(): AsyncIterable<Uint8Array>;
};

/** `exists`: there is something under the key already, and it was left as it is. */
export type Put = { readonly kind: 'written' | 'exists'; readonly version: string | null };

/** Where archives are kept. Nothing is ever overwritten; what `put` has answered of, a power failure does not take it back. */
export type ObjectStore = {
  /** For people, without secrets. */
  readonly place: string;
  /** Makes it where it is not there yet, as far as that can be done from here. For the first use alone: nothing else makes a folder anew. */
  make(): Promise<void>;
  /** Whether it is there, keeps versions and can be written to. Throws a StoreFailure that says what to do; answers with what is worth knowing. */
  check(): Promise<readonly string[]>;
  put(key: string, body: ObjectBody): Promise<Put>;
  /** Undefined when there is none. The version that was written, where the store keeps versions. */
  get(key: string, version: string | null): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** All versions of it. Removing what is not there is fine. */
  remove(key: string): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** What went wrong with a store, in words for whoever runs it. */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure';
  readonly code: StoreFailureCode;

  constructor(code: StoreFailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Of the store as a whole, not of one object: the next object would meet the same. */
export const concernsWholeStore = (code: StoreFailureCode): boolean =>
  code === 'store_unavailable' ||
  code === 'store_denied' ||
  code === 'store_full' ||
  code === 'store_slow' ||
  code === 'store_changed';
