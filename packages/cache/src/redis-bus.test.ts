import { eventually } from '@phaselock/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busContract, type OpenBus, QUICK, recorded } from '../test/bus-contract.ts';
import { recordedObserver } from '../test/recorded-observer.ts';
import { type RedisForTests, redisForTests, redisTests } from '../test/redis-clients.ts';
import { sampleInvalidation } from '../test/sample-slots.ts';
import { stallableProxy } from '../test/stallable-proxy.ts';
import { createRedisBus } from './redis-bus.ts';

const CHANNEL = 'phaselock:invalidations';

describe.runIf(redisTests.possible)(redisTests.title('a bus over Redis'), () => {
  let redis: RedisForTests;
  beforeAll(async () => {
    redis = await redisForTests();
  });
  afterAll(async () => {
    await redis[Symbol.asyncDispose]();
  });

  const openOn =
    (given: () => RedisForTests): OpenBus =>
    (options) =>
      createRedisBus({ publisher: given().client(), subscriber: given().client(), ...options });
  const open = openOn(() => redis);

  busContract(open, (text) => redis.client().publish(CHANNEL, text));

  it('is unhealthy while Redis hangs, and resets when it is back', async () => {
    const { log, lines } = recordedObserver();
    await using bus = open({ ...QUICK, origin: 'a', log });
    const { resets } = recorded(bus);
    await eventually(() => bus.healthy());
    const before = resets();
    redis.server.pause();
    try {
      await eventually(() => !bus.healthy());
    } finally {
      redis.server.resume();
    }
    await eventually(() => bus.healthy());
    expect(resets()).toBeGreaterThan(before);
    expect(lines).toContain('Invalidations do not arrive over Redis; the cache is bypassed.');
  });

  it('is unhealthy at once when its connection breaks, and resets before it is healthy again', async () => {
    await using bus = open({ ...QUICK, staleAfterMs: 60_000, origin: 'a' });
    const { resets, heard } = recorded(bus);
    await eventually(() => bus.healthy());
    const before = resets();
    await redis.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => resets() > before && bus.healthy());
    await bus.publish(sampleInvalidation(2));
    await eventually(() => heard.length === 1);
  });

  it('retries a message that could not be sent, and gives up after three retries', async () => {
    await using other = await redisForTests();
    const observer = recordedObserver();
    const pauses: number[] = [];
    const sleep = async (ms: number): Promise<void> => void pauses.push(ms);
    await using bus = openOn(() => other)({ ...QUICK, origin: 'a', observer, sleep, random: () => 1, retryBaseMs: 50 });
    await eventually(() => bus.healthy());
    await other.server.stop();
    await bus.publish(sampleInvalidation(1));
    expect([observer.count('retried'), observer.count('failed'), observer.count('delivered')]).toEqual([3, 1, 0]);
    expect(pauses).toEqual([50, 100, 200]);
  });

  it('becomes healthy when Redis becomes available after the start', async () => {
    let up = false;
    const publisher = redis.client();
    const subscriber = redis.client();
    const flaky = {
      subscribe: (channel: string) => (up ? subscriber.subscribe(channel) : Promise.reject(new Error('not yet'))),
      unsubscribe: (channel: string) => subscriber.unsubscribe(channel),
      on: subscriber.on.bind(subscriber),
      off: subscriber.off.bind(subscriber),
      disconnect: (reconnect: boolean) => subscriber.disconnect(reconnect),
    };
    await using bus = createRedisBus({ ...QUICK, origin: 'a', publisher, subscriber: flaky });
    expect(bus.healthy()).toBe(false);
    up = true;
    await eventually(() => bus.healthy());
  });

  it('replaces a connection that is open but dead', async () => {
    await using proxy = await stallableProxy({ host: '127.0.0.1', port: redis.server.port });
    const subscriber = new Redis(proxy.port, '127.0.0.1', {
      maxRetriesPerRequest: 1,
      retryStrategy: () => 20,
      connectTimeout: 500,
    });
    try {
      await using bus = createRedisBus({ ...QUICK, origin: 'a', publisher: redis.client(), subscriber });
      const { resets } = recorded(bus);
      await eventually(() => bus.healthy());
      const before = resets();
      proxy.stall();
      await eventually(() => !bus.healthy());
      proxy.recover();
      await eventually(() => bus.healthy());
      expect(resets()).toBeGreaterThan(before);
    } finally {
      subscriber.disconnect();
    }
  });
});
