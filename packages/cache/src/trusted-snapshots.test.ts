import type { SlotState } from '@phaselock/core';
import { eventually } from '@phaselock/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { QUICK } from '../test/bus-contract.ts';
import { type RecordedObserver, recordedObserver } from '../test/recorded-observer.ts';
import { type RedisForTests, redisForTests, redisTests } from '../test/redis-clients.ts';
import { sampleInvalidation, sampleSlot, sampleState } from '../test/sample-slots.ts';
import { createSlotCache } from './create-slot-cache.ts';
import type { InvalidationBus, InvalidationListener } from './invalidation-bus.ts';
import { createMemoryChannel } from './memory-bus.ts';
import { createRedisBus } from './redis-bus.ts';
import { slotStateCodec } from './slot-state-codec.ts';
import type { TrustedSnapshots } from './trusted-snapshots.ts';

const TTL = 1_000;
const slot = sampleSlot();
const at = (version: number) => ({ version, value: sampleState(version) });

describe('two servers on one bus', () => {
  let time = 0;
  let mine: TrustedSnapshots<SlotState>;
  let others: TrustedSnapshots<SlotState>;
  beforeEach(() => {
    const channel = createMemoryChannel();
    const open = (origin: string) =>
      createSlotCache<SlotState>({ bus: channel.join(origin), now: () => time, ttlMs: TTL });
    [mine, others] = [open('mine'), open('others')];
  });

  it('applies its own change before the call returns, and another’s when its message arrives', async () => {
    await others.put(slot, at(5), 0);
    await mine.put(slot, at(5), 0);
    void mine.changed(sampleInvalidation(6), sampleState(6));
    expect(await mine.get(slot)).toMatchObject({ version: 6, source: 'memory' });
    expect(await others.get(slot)).toBeUndefined();
  });

  it('refuses a snapshot whose read was overtaken by a change', async () => {
    await mine.changed(sampleInvalidation(6));
    await others.put(slot, at(5), 100);
    expect(await others.get(slot)).toBeUndefined();
    await others.put(slot, at(6), 100);
    expect(await others.get(slot)).toMatchObject({ version: 6 });
  });

  it('counts the time of the read as part of the lifetime', async () => {
    await mine.put(slot, at(5), TTL - 100);
    time += 99;
    expect(await mine.get(slot)).toMatchObject({ freshForMs: 1 });
    time += 1;
    expect(await mine.get(slot)).toBeUndefined();
    await mine.put(slot, at(5), TTL);
    expect(await mine.get(slot)).toBeUndefined();
  });

  it('returns no snapshot of a slot whose last write has an unknown outcome', async () => {
    await mine.put(slot, at(5), 0);
    await others.put(slot, at(5), 0);
    await mine.changed({ ...sampleInvalidation(5), version: 0, sessionId: null, model: null });
    for (const server of [mine, others]) {
      expect(await server.get(slot)).toBeUndefined();
      await server.put(slot, at(5), 0);
      expect(await server.get(slot)).toBeUndefined();
    }
  });

  it('forget drops a snapshot that is older than the given version', async () => {
    await mine.put(slot, at(5), 0);
    await mine.forget(slot, 6);
    expect(await mine.get(slot)).toBeUndefined();
  });

  it('receives no more changes after it was disposed', async () => {
    await others.put(slot, at(5), 0);
    others[Symbol.dispose]();
    await mine.changed(sampleInvalidation(6));
    expect(await others.get(slot)).toMatchObject({ version: 5 });
  });
});

describe('a server whose bus is not healthy', () => {
  const listeners: InvalidationListener[] = [];
  let time = 0;
  let healthy = true;
  let observer: RecordedObserver;
  let snapshots: TrustedSnapshots<SlotState>;
  const bus: InvalidationBus = {
    origin: 'a',
    publish: async () => {},
    subscribe: (listener) => {
      listeners.push(listener);
      return () => {};
    },
    healthy: () => healthy,
    [Symbol.asyncDispose]: async () => {},
  };
  const recover = (): void => {
    for (const listener of listeners) listener.reset();
    healthy = true;
  };

  beforeEach(() => {
    healthy = true;
    observer = recordedObserver();
    snapshots = createSlotCache<SlotState>({ bus, now: () => time, ttlMs: TTL, observer });
  });

  it('returns no snapshot and stores none', async () => {
    await snapshots.put(slot, at(5), 0);
    healthy = false;
    expect(await snapshots.get(slot)).toBeUndefined();
    await snapshots.put(sampleSlot(2), at(1), 0);
    healthy = true;
    expect(await snapshots.get(sampleSlot(2))).toBeUndefined();
    expect([observer.count('trusted bypassed'), observer.count('trusted miss')]).toEqual([1, 1]);
  });

  it('discards all snapshots when the bus recovers', async () => {
    await snapshots.put(slot, at(5), 0);
    healthy = false;
    recover();
    expect(await snapshots.get(slot)).toBeUndefined();
  });

  it('refuses a snapshot whose read began before the recovery', async () => {
    time += 100;
    healthy = false;
    recover();
    time += 10;
    await snapshots.put(slot, at(5), 20);
    expect(await snapshots.get(slot)).toBeUndefined();
    await snapshots.put(slot, at(5), 5);
    expect(await snapshots.get(slot)).toMatchObject({ version: 5 });
  });
});

describe.runIf(redisTests.possible)(redisTests.title('two servers on one Redis'), () => {
  let redis: RedisForTests;
  beforeAll(async () => {
    redis = await redisForTests();
  });
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  // Longer than any test, so that a snapshot can only be removed by the bus.
  const LONG = 600_000;

  function server(origin: string, ttlMs = LONG) {
    const bus = createRedisBus({ ...QUICK, origin, publisher: redis.client(), subscriber: redis.client() });
    const client = redis.client();
    const snapshots = createSlotCache<SlotState>({ bus, redis: { client, codec: slotStateCodec }, ttlMs });
    return { bus, snapshots, [Symbol.asyncDispose]: () => bus[Symbol.asyncDispose]() };
  }

  it('a snapshot that one server stored is returned to the other', async () => {
    await using mine = server('mine', 300);
    await using others = server('others', 300);
    await eventually(() => mine.bus.healthy() && others.bus.healthy());
    const shared = sampleSlot(11);
    await eventually(async () => {
      await mine.snapshots.put(shared, at(5), 0);
      expect(await others.snapshots.get(shared)).toMatchObject({ ...at(5), source: 'redis' });
    });
  });

  it('a change on one server invalidates the snapshot of the other', async () => {
    await using mine = server('mine');
    await using others = server('others');
    await eventually(() => mine.bus.healthy() && others.bus.healthy());
    await others.snapshots.put(sampleSlot(12), at(5), 0);
    expect(await others.snapshots.get(sampleSlot(12))).toMatchObject({ version: 5 });
    await mine.snapshots.changed(sampleInvalidation(6, sampleSlot(12)), sampleState(6));
    await eventually(async () => (await others.snapshots.get(sampleSlot(12)))?.version !== 5);
  });

  it('no snapshot is returned while Redis hangs, and no outdated one afterwards', async () => {
    await using mine = server('mine');
    await using others = server('others');
    await eventually(() => mine.bus.healthy() && others.bus.healthy());
    const hung = sampleSlot(13);
    await others.snapshots.put(hung, at(5), 0);
    redis.server.pause();
    try {
      const missed = mine.snapshots.changed(sampleInvalidation(6, hung), sampleState(6));
      await eventually(async () => (await others.snapshots.get(hung)) === undefined);
      await missed;
    } finally {
      redis.server.resume();
    }
    await eventually(() => others.bus.healthy());
    expect(await others.snapshots.get(hung)).toBeUndefined();
    await eventually(async () => {
      await others.snapshots.put(hung, at(6), 0);
      expect(await others.snapshots.get(hung)).toMatchObject({ version: 6 });
    });
  });
});
