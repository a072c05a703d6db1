import type { Invalidation } from './invalidation-message.ts';

export type InvalidationListener = {
  /** A slot has changed. Messages of this bus itself are included; `origin` identifies them. */
  heard(invalidation: Invalidation, origin: string): void;
  /** Messages may have been missed: everything derived from them must be discarded. */
  reset(): void;
};

export type InvalidationBus = AsyncDisposable & {
  /** Unique per bus. */
  readonly origin: string;
  /** Settles when the message was delivered or given up. Never rejects, so callers need not await it. */
  publish(invalidation: Invalidation): Promise<void>;
  subscribe(listener: InvalidationListener): () => void;
  /**
   * Whether all messages published until a moment ago are known to have arrived here. Becomes false when no recent beat
   * came back, and true only after the listeners were reset.
   */
  healthy(): boolean;
};
