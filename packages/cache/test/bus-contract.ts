import { eventually } from '@phaselock/testkit';
import { describe, expect, it } from 'vitest';
import type { BusOptions } from '../src/bus-options.ts';
import type { InvalidationBus } from '../src/invalidation-bus.ts';
import type { Invalidation } from '../src/invalidation-message.ts';
import { recordedObserver } from './recorded-observer.ts';
import { sampleInvalidation, sampleSlot } from './sample-slots.ts';

/** Quick enough for a test, slow enough for a busy machine. */
export const QUICK = { beatEveryMs: 20, staleAfterMs: 250, healEveryMs: 500, retryBaseMs: 5 } as const;

export type OpenBus = (options: BusOptions) => InvalidationBus;

export type RecordedBus = {
  readonly bus: InvalidationBus;
  readonly heard: { readonly origin: string; readonly invalidation: Invalidation }[];
  resets(): number;
};

export function recorded(bus: InvalidationBus): RecordedBus {
  const heard: RecordedBus['heard'] = [];
  let resets = 0;
  bus.subscribe({ heard: (invalidation, origin) => heard.push({ origin, invalidation }), reset: () => (resets += 1) });
  return { bus, heard, resets: () => resets };
}

/** The tests that every network bus must pass. */
export function busContract(open: OpenBus, sendText: (text: string) => Promise<unknown>): void {
  describe('as a network bus', () => {
    it('delivers each change with its origin to every bus', async () => {
      await using first = open({ ...QUICK, origin: 'first' });
      await using second = open({ ...QUICK, origin: 'second' });
      const [one, two] = [recorded(first), recorded(second)];
      await eventually(() => first.healthy() && second.healthy());
      await first.publish(sampleInvalidation(4));
      for (const { heard } of [one, two]) {
        await eventually(() => expect(heard).toEqual([{ origin: 'first', invalidation: sampleInvalidation(4) }]));
      }
    });

    it('is healthy only after the listeners were reset', async () => {
      await using bus = open({ ...QUICK, origin: 'a' });
      const healthyAtReset: boolean[] = [];
      bus.subscribe({ heard: () => {}, reset: () => healthyAtReset.push(bus.healthy()) });
      expect(bus.healthy()).toBe(false);
      await eventually(() => bus.healthy());
      expect(healthyAtReset).toEqual([false]);
    });

    it('counts sent, received and unreadable messages', async () => {
      const [mine, others] = [recordedObserver(), recordedObserver()];
      await using first = open({ ...QUICK, origin: 'first', observer: mine });
      await using second = open({ ...QUICK, origin: 'second', observer: others });
      await eventually(() => first.healthy() && second.healthy());
      await first.publish(sampleInvalidation(4));
      await sendText('{"not": "ours"}');
      await eventually(() =>
        expect([others.count('received'), others.count('ignored'), mine.count('ignored')]).toEqual([1, 1, 1]),
      );
      expect([mine.count('delivered'), mine.count('received')]).toEqual([1, 0]);
    });

    it('survives a listener that throws', async () => {
      const { log, lines } = recordedObserver();
      await using bus = open({ ...QUICK, origin: 'a', log });
      bus.subscribe({
        heard() {
          throw new Error('listener failed');
        },
        reset: () => {},
      });
      const { heard } = recorded(bus);
      await eventually(() => bus.healthy());
      await bus.publish(sampleInvalidation(1));
      await eventually(() => heard.length === 1);
      expect(lines).toContain('A listener for invalidations failed.');
    });

    it('does not call a listener after it unsubscribed', async () => {
      await using bus = open({ ...QUICK, origin: 'a' });
      const early: number[] = [];
      const unsubscribe = bus.subscribe({ heard: ({ version }) => early.push(version), reset: () => {} });
      const { heard } = recorded(bus);
      await eventually(() => bus.healthy());
      unsubscribe();
      await bus.publish(sampleInvalidation(1, sampleSlot(2)));
      await eventually(() => heard.length === 1);
      expect(early).toEqual([]);
    });

    it('is unhealthy after it was closed, and publish still does not reject', async () => {
      const bus = open({ ...QUICK, origin: 'a' });
      await eventually(() => bus.healthy());
      await bus[Symbol.asyncDispose]();
      expect(bus.healthy()).toBe(false);
      await bus.publish(sampleInvalidation(1));
    });
  });
}
