import type { CacheObserver } from './cache-observer.ts';
import type { InvalidationListener } from './invalidation-bus.ts';
import { parseMessage } from './invalidation-message.ts';
import type { Pulse } from './pulse.ts';

export type Receiver = {
  readonly origin: string;
  readonly observer: CacheObserver;
  readonly listeners: Pick<InvalidationListener, 'heard'>;
  readonly pulse: () => Pulse;
};

/** Handles a text that arrived on the channel of a bus. */
export function receiveMessage({ origin, observer, listeners, pulse }: Receiver, text: string): void {
  const message = parseMessage(text);
  switch (message?.kind) {
    case 'beat':
      if (message.origin === origin) pulse().seen(message.sentAt);
      return;
    case 'invalidation':
      if (message.origin !== origin) observer.invalidated('received');
      listeners.heard(message.invalidation, message.origin);
      return;
    case undefined:
      observer.invalidated('ignored');
      return;
  }
}
