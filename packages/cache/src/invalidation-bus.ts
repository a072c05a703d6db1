import type { Invalidation } from './invalidation-message.ts';

export type InvalidationListener = {
  /** A change, the bus's own ones included; whose it was tells them apart. */
  heard(invalidation: Invalidation, origin: string): void;
  /** Messages may have been missed: whatever was built on them is to be forgotten. */
  reset(): void;
};

export type InvalidationBus = AsyncDisposable & {
  /** Unlike every other bus's. */
  readonly origin: string;
  /** Settles when it was delivered or given up. Never rejects, so nobody has to wait for it. */
  publish(invalidation: Invalidation): Promise<void>;
  subscribe(listener: InvalidationListener): () => void;
  /**
   * Whether what was published up to a moment ago is known to have arrived here. Turns false by itself as time passes, and true only after
   * the listeners were told to reset.
   */
  healthy(): boolean;
};
