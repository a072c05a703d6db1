import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { listDeadLetters, readArchive, retryDeadLetters } from '@phaselock/store';
import { temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { documentIn } from '../../test/document-in.ts';
import { type Fault, type FaultyProxy, faultyProxy } from '../../test/faulty-proxy.ts';
import { aDeletedSession, openTestArchive, type TestArchive } from '../../test/open-test-archive.ts';
import { type S3Server, s3Server, startS3 } from '../../test/start-s3.ts';
import { type ObjectStore, StoreFailure } from '../stores/object-store.ts';
import { openObjectStore } from '../stores/open-object-store.ts';
import { runSteps } from './run-steps.ts';

// Every try waits for the store's time-out.
vi.setConfig({ testTimeout: 120_000 });

/** Makes the pending retry due now; returns the minutes until it would have been due. */
async function passTheTime({ ctx }: TestArchive): Promise<number> {
  const { rows } = await ctx.database.pool.pg.query(
    `update archive_claims set due_at = clock_timestamp() from (select session_id as id, due_at as was from archive_claims) before
     where session_id = before.id returning extract(epoch from before.was - clock_timestamp()) / 60 as minutes`,
  );
  return Math.round(Number(rows[0]?.minutes));
}

/**
 * Expects four tries with the delays of spec 5 between them, then a dead letter, and success after a redrive once the
 * store works again.
 */
async function expectRetriesThenRedrive(archive: TestArchive, code: string, heal: () => Promise<void>): Promise<void> {
  const { ctx, home, told } = archive;
  const { sessionId } = await aDeletedSession(home);
  const waits: number[] = [];
  for (let failed = 1; failed <= 4; failed += 1) {
    expect(await runSteps(ctx)).toMatchObject({ archived: 0, failed: 1, purged: 0 });
    // No retry happens before it is due.
    expect(await runSteps(ctx)).toMatchObject({ archived: 0, failed: 0 });
    if (failed < 4) waits.push(await passTheTime(archive));
  }
  expect(waits).toEqual([1, 5, 15]);
  expect(told).toEqual([code, code, code, `${code} dead`]);
  expect(await listDeadLetters(ctx.database.kysely, { limit: 10, discarded: false })).toMatchObject([
    { sessionId, code, failures: 4, message: expect.stringMatching(/\w/) },
  ]);
  await passTheTime(archive);
  expect(await runSteps(ctx)).toMatchObject({ archived: 0, failed: 0 });

  await heal();
  expect(await retryDeadLetters(ctx.database.kysely, 'all')).toEqual([sessionId]);
  expect(await runSteps(ctx)).toMatchObject({ archived: 1, purged: 1, failed: 0 });
}

describe.skipIf(s3Server() === undefined)('retries and dead letters for a bucket behind a faulty proxy', () => {
  let server: S3Server;
  let proxy: FaultyProxy;
  beforeAll(async () => {
    server = await startS3();
    proxy = await faultyProxy(server.port);
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  /** Creates a bucket that is reached through the proxy. */
  const aBucket = async (name: string): Promise<string> =>
    `${await server.bucket(name)}&timeout-ms=300`.replace(server.endpoint, proxy.endpoint);

  test.each<[Fault, string]>([
    ['unavailable', 'store_unavailable'],
    ['refused', 'store_unavailable'],
    ['stalled', 'store_slow'],
    ['truncated-reads', 'store_unavailable'],
  ])('retries, then dead-letters, a session when the bucket is %s', async (fault, code) => {
    proxy.fault = 'none';
    await using store = await openObjectStore(await aBucket(`faulty-${fault}`));
    await using archive = await openTestArchive({ store });
    proxy.fault = fault;
    await expectRetriesThenRedrive(archive, code, async () => {
      proxy.fault = 'none';
    });
  });

  test('retries, then dead-letters, a session when the secret key is wrong', async () => {
    proxy.fault = 'none';
    const address = await aBucket('faulty-key');
    const secret = process.env.AWS_SECRET_ACCESS_KEY;
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    let store: ObjectStore = await openObjectStore(address);
    try {
      await using archive = await openTestArchive({
        store: { ...store, put: (key, body) => store.put(key, body), get: (key, version) => store.get(key, version) },
      });
      await expectRetriesThenRedrive(archive, 'store_denied', async () => {
        process.env.AWS_SECRET_ACCESS_KEY = secret;
        // An operator who corrects the key restarts the worker.
        store = await openObjectStore(address);
      });
    } finally {
      process.env.AWS_SECRET_ACCESS_KEY = secret;
      await store[Symbol.asyncDispose]();
    }
  });
});

const root = process.getuid?.() === 0;

describe.skipIf(!root)('retries and dead letters for a full disk', () => {
  test('retries, then dead-letters, a session and loses nothing', async () => {
    await using directory = await temporaryDirectory();
    const disk = join(directory.path, 'disk');
    await mkdir(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]);
    try {
      await using store = await openObjectStore(`folder:${disk}`);
      await store.check();
      await using archive = await openTestArchive({ store });
      const filler = join(disk, 'filler');
      await writeFile(filler, Buffer.alloc(64 * 1024)).catch(() => undefined);
      await expectRetriesThenRedrive(archive, 'store_full', () => rm(filler));
    } finally {
      execFileSync('umount', [disk]);
    }
  });
});

describe('an object that already exists under the key', () => {
  const keyOf = async ({ ctx }: TestArchive): Promise<string> => {
    const { rows } = await ctx.database.pool.pg.query('select object_key from archive_claims');
    return String(rows[0]?.object_key);
  };

  test('is accepted if its content is the same', async () => {
    await using archive = await openTestArchive();
    await aDeletedSession(archive.home);
    const dying = archive.with({
      racepoint: (name) => {
        if (name === 'verified') throw new Error('it died after writing');
      },
    });
    expect(await runSteps(dying)).toMatchObject({ archived: 0, failed: 1 });
    await passTheTime(archive);
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1, failed: 0 });
    expect(archive.told).toEqual(['unexpected', 'archived 1', 'purged 1']);
  });

  test('is not changed if its content differs; the next try uses another key', async () => {
    await using archive = await openTestArchive();
    const { sessionId } = await aDeletedSession(archive.home);
    const dying = archive.with({
      racepoint: (name) => {
        if (name === 'announced') throw new Error('it died before writing');
      },
    });
    await expect(runSteps(dying)).rejects.toThrow(/died before/);
    const path = join(archive.folder, await keyOf(archive));
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, 'something else');

    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 0, failed: 1, purged: 0 });
    expect(await readFile(path, 'utf8')).toBe('something else');
    await passTheTime(archive);
    expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, failed: 0, purged: 1 });
    expect(archive.told).toEqual(['object_conflict', 'archived 1', 'purged 1']);
    const record = await readArchive(archive.ctx.database.kysely, sessionId);
    expect(record?.objectKey).toMatch(/\.copy-1\.json\.gz$/);
    expect(await documentIn(archive.ctx.store, record)).toMatchObject({ session: { id: sessionId } });
  });
});

test('counts no failure for the other sessions when the first chunk finds the store full', async () => {
  await using archive = await openTestArchive();
  for (let made = 0; made < 40; made += 1) await aDeletedSession(archive.home);
  const { ctx } = archive;
  const failing = {
    ...ctx,
    store: { ...ctx.store, put: async () => Promise.reject(new StoreFailure('store_full', 'no room')) },
  };
  expect(await runSteps(failing)).toMatchObject({ archived: 0, failed: 32, storeDown: true });
  const { rows } = await ctx.database.pool.pg.query(
    'select count(*)::int as n, count(token)::int as held from archive_claims where failures = 0',
  );
  expect(rows).toEqual([{ n: 8, held: 0 }]);
});
