import { randomUUID } from 'node:crypto';
import { createConnection, type Socket } from 'node:net';
import { parseTaskId, slotName } from '@phaselock/core';
import { eventually, type RedisServer, redisAvailable, startRedis } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deadlineIn } from './deadline.ts';
import { LockAborted, LockTimeout } from './lock-errors.ts';
import { type RedisCommands, redisLock } from './redis-lock.ts';

const taskId = parseTaskId('10000000-0000-7000-8000-000000000001');
if (taskId === undefined) throw new Error('not a task id');
const slot = { taskId, phase: 'run', mode: 'standard' } as const;
const KEY = `phaselock:lock:${slotName(slot)}`;

const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/** The few commands that the lock needs, over a plain socket, because this package depends on no Redis client. */
function connect(port: number): RedisCommands & { send(...words: string[]): Promise<string>; close(): void } {
  const socket: Socket = createConnection({ port, host: '127.0.0.1' });
  socket.on('error', () => undefined);
  const waiting: PromiseWithResolvers<string>[] = [];
  let text = '';
  socket.on('data', (data) => {
    text += data.toString();
    for (let end = endOfReply(text); end > 0; end = endOfReply(text)) {
      waiting.shift()?.resolve(text.slice(0, end).trimEnd());
      text = text.slice(end);
    }
  });
  socket.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error('the connection was closed'));
  });
  const send = (...words: string[]): Promise<string> => {
    const reply = Promise.withResolvers<string>();
    if (socket.destroyed) reply.reject(new Error('there is no connection'));
    else {
      waiting.push(reply);
      const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
      socket.write(`*${words.length}\r\n${parts.join('')}`);
    }
    return reply.promise;
  };
  return {
    send,
    acquire: async (key, token, ttlMs) => (await send('SET', key, token, 'PX', String(ttlMs), 'NX')) === '+OK',
    release: async (key, token) => void (await send('EVAL', RELEASE, '1', key, token)),
    close: () => socket.destroy(),
  };
}

/** A bulk reply has a second line, unless it is nil; every other reply here has one. */
function endOfReply(text: string): number {
  const first = text.indexOf('\r\n') + 2;
  if (first < 2 || !text.startsWith('$') || text.startsWith('$-1')) return first < 2 ? 0 : first;
  const second = text.indexOf('\r\n', first) + 2;
  return second < 2 ? 0 : second;
}

const available = redisAvailable();

describe.skipIf(available.kind === 'none')('the lease in Redis', () => {
  let server: RedisServer;
  let redis: ReturnType<typeof connect>;
  beforeAll(async () => {
    server = await startRedis();
    redis = connect(server.port);
  });
  afterAll(async () => {
    redis.close();
    await server[Symbol.asyncDispose]();
  });

  function aLock(
    commands: RedisCommands = redis,
    more: { holdMs?: number; random?: () => number; sleep?: (ms: number) => Promise<void> } = {},
  ) {
    let contended = 0;
    const lock = redisLock<never, never>({
      redis: commands,
      holdMs: 5_000,
      commandTimeoutMs: 50,
      token: randomUUID,
      random: Math.random,
      sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      contended: () => {
        contended += 1;
      },
      ...more,
    });
    return { lock, contended: () => contended };
  }

  const within = (ms: number, signal?: AbortSignal) => deadlineIn(ms, () => performance.now(), signal);

  test('keeps concurrent holders apart, and is deleted afterwards', async () => {
    let inside = 0;
    let collisions = 0;
    const { lock, contended } = aLock();
    await Promise.all(
      Array.from({ length: 8 }, () =>
        lock(slot, within(10_000), async (held) => {
          expect(held).toEqual({ kind: 'free' });
          inside += 1;
          if (inside > 1) collisions += 1;
          await redis.send('PING');
          inside -= 1;
        }),
      ),
    );
    expect(collisions).toBe(0);
    expect(contended()).toBeGreaterThan(0);
    expect(await redis.send('GET', KEY)).toBe('$-1');
  });

  test('is released when the work fails', async () => {
    await expect(aLock().lock(slot, within(1_000), () => Promise.reject(new Error('work failed')))).rejects.toThrow(
      'work failed',
    );
    expect(await redis.send('GET', KEY)).toBe('$-1');
  });

  test('is not released by a former holder after another process acquired it', async () => {
    await aLock().lock(slot, within(1_000), async () => {
      // Simulates that the lease expired and another holder acquired it.
      await redis.send('SET', KEY, 'another holder');
    });
    expect(await redis.send('GET', KEY)).toContain('another holder');
    await redis.send('DEL', KEY);
  });

  test('is awaited until the deadline while another process holds it', async () => {
    await redis.send('SET', KEY, 'another holder');
    const { lock, contended } = aLock();
    await expect(lock(slot, within(60), async () => 'worked')).rejects.toBeInstanceOf(LockTimeout);
    expect(contended()).toBe(1);
    const gone = within(5_000, AbortSignal.abort());
    await expect(lock(slot, gone, async () => 'worked')).rejects.toBeInstanceOf(LockAborted);
    await redis.send('DEL', KEY);
  });

  test('is not awaited during the time reserved for the answer', async () => {
    await redis.send('SET', KEY, 'another holder');
    const slept: number[] = [];
    const { lock } = aLock(redis, { random: () => 1, sleep: async (ms) => void slept.push(ms) });
    const failing = lock(
      slot,
      deadlineIn(33, () => 0),
      async () => 'worked',
    );
    await expect(failing).rejects.toBeInstanceOf(LockTimeout);
    // The next pause would be 32 ms, but of 33 ms at most 29.7 may be spent waiting.
    expect(slept).toEqual([2, 4, 8, 16]);
    await redis.send('DEL', KEY);
  });

  test('expires when its holder has died', async () => {
    await redis.acquire(KEY, 'dead holder', 30);
    expect(await aLock().lock(slot, within(5_000), async () => 'worked')).toBe('worked');
  });

  test('is skipped when Redis cannot be reached', async () => {
    const nowhere = connect(1);
    expect(await aLock(nowhere).lock(slot, within(1_000), async () => 'worked')).toBe('worked');
    nowhere.close();
  });

  test.skipIf(available.kind !== 'binary')(
    'is skipped when Redis hangs, and released if it is granted late',
    async () => {
      server.pause();
      try {
        expect(await aLock().lock(slot, within(10_000), async () => 'worked')).toBe('worked');
      } finally {
        server.resume();
      }
      // After resuming, the server executes the pending command. The lease it grants has no holder, so it must be
      // released.
      await eventually(async () => (await redis.send('GET', KEY)) === '$-1');
      expect(await aLock().lock(slot, within(200), async () => 'worked')).toBe('worked');
    },
  );

  test.skipIf(available.kind !== 'binary')('does not delay the work if it cannot be released in time', async () => {
    const { lock } = aLock(redis, { holdMs: 100 });
    const worked = lock(slot, within(10_000), async () => {
      server.pause();
      return 'worked';
    });
    expect(await worked).toBe('worked');
    server.resume();
    await eventually(async () => (await redis.send('GET', KEY)) === '$-1');
  });
});
