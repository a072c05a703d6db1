import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type S3Server, s3Server, startS3 } from '../testing/start-s3.ts';
import type { ObjectBody, ObjectStore } from './object-store.ts';
import { openObjectStore } from './open-object-store.ts';
import { readVerified, verifyObject } from './read-verified.ts';

const bodyOf = (content: Buffer): ObjectBody => ({
  bytes: content.length,
  sha256: createHash('sha256').update(content).digest('hex'),
  async *open() {
    yield content.subarray(0, content.length >> 1);
    yield content.subarray(content.length >> 1);
  },
});
const keyOf = (): string => `sessions/${randomUUID()}/v1-${'ab'.repeat(32)}.json.gz`;
const read = async (chunks: AsyncIterable<Uint8Array> | undefined): Promise<string | undefined> =>
  chunks === undefined ? undefined : Buffer.concat(await Array.fromAsync(chunks)).toString();

type Home = { readonly store: ObjectStore; readonly damage: (key: string, at: number) => Promise<void> };

async function flip(path: string, at: number): Promise<void> {
  const bytes = await readFile(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(path, bytes);
}

function everyStore(open: () => Promise<Home>): void {
  let home: Home;
  beforeAll(async () => {
    home = await open();
  });
  afterAll(() => home.store[Symbol.asyncDispose]());
  const recordedOf = (objectKey: string, objectVersion: string | null, { sha256, bytes }: ObjectBody) => ({
    objectKey,
    objectVersion,
    sha256,
    bytes,
  });

  test('is found to be there, with versions, and to be written to', async () => {
    expect(await home.store.check()).toEqual([]);
  });

  test('may be looked at by many at once', async () => {
    const looks = await Promise.all(Array.from({ length: 30 }, () => home.store.check()));
    expect(looks.flat()).toEqual([]);
  });

  test.each([0, 1, 70_000, 20_000_000])('%i bytes come back as they were written', async (size) => {
    const body = bodyOf(Buffer.alloc(size, 'phaselock '));
    const key = keyOf();
    const { kind, version } = await home.store.put(key, body);
    expect(kind).toBe('written');
    await verifyObject(home.store, recordedOf(key, version, body));
  });

  test('what is there is never overwritten, by how many at once it is tried', async () => {
    const key = keyOf();
    const puts = await Promise.all(
      Array.from({ length: 8 }, (_, nth) =>
        home.store.put(key, bodyOf(Buffer.from(`number ${nth}`))).catch(() => undefined),
      ),
    );
    expect(puts.filter((put) => put?.kind === 'written')).toHaveLength(1);
    const first = await read(await home.store.get(key, null));
    expect(await home.store.put(key, bodyOf(Buffer.from('later')))).toMatchObject({ kind: 'exists' });
    expect(await read(await home.store.get(key, null))).toBe(first);
  });

  test('what is not there is not found, and may be removed', async () => {
    expect(await home.store.get(keyOf(), null)).toBeUndefined();
    await home.store.remove(keyOf());
  });

  test('what is removed is gone, every version of it', async () => {
    const key = keyOf();
    const { version } = await home.store.put(key, bodyOf(Buffer.from('a year ago')));
    await home.store.remove(key);
    expect(await home.store.get(key, version)).toBeUndefined();
    expect(await home.store.get(key, null)).toBeUndefined();
    // And the key is free again.
    expect(await home.store.put(key, bodyOf(Buffer.from('again')))).toMatchObject({ kind: 'written' });
  });

  test.each([0, 4, 9, 500])('a flipped bit, in byte %i, is noticed', async (at) => {
    const body = bodyOf(Buffer.alloc(501, 'x'));
    const key = keyOf();
    const { version } = await home.store.put(key, body);
    await home.damage(key, at);
    await expect(read(readVerified(home.store, recordedOf(key, version, body)))).rejects.toMatchObject({
      code: 'object_damaged',
    });
  });

  test('one that is shorter or longer than was recorded is noticed', async () => {
    const body = bodyOf(Buffer.from('0123456789'));
    const key = keyOf();
    const { version } = await home.store.put(key, body);
    for (const bytes of [9, 11])
      await expect(verifyObject(home.store, { ...recordedOf(key, version, body), bytes })).rejects.toMatchObject({
        code: 'object_damaged',
      });
  });

  test('one that is missing is called missing', async () => {
    const body = bodyOf(Buffer.from('never written'));
    await expect(verifyObject(home.store, recordedOf(keyOf(), null, body))).rejects.toMatchObject({
      code: 'object_missing',
    });
  });
}

describe('a folder', () => {
  let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
  afterAll(() => directory[Symbol.asyncDispose]());
  everyStore(async () => {
    directory = await temporaryDirectory();
    const store = await openObjectStore(`folder:${directory.path}/kept`);
    await store.make();
    await store.check();
    return { store, damage: (key, at) => flip(join(directory.path, 'kept', key), at) };
  });

  test('has nothing half-written in it, whatever became of those who wrote', async () => {
    expect(await readdir(join(directory.path, 'kept', '.incoming'))).toEqual([]);
  });

  test.each(['../outside', 'sessions/../../outside', '/etc/passwd', 'a\0b', ''])('%j is no key', async (key) => {
    const store = await openObjectStore(`folder:${directory.path}/kept`);
    await expect(store.put(key, bodyOf(Buffer.from('x')))).rejects.toMatchObject({ code: 'store_unusable' });
  });

  test('that is gone is never made anew, neither by a check nor by a write', async () => {
    const path = join(directory.path, 'gone');
    const store = await openObjectStore(`folder:${path}`);
    const changed = { code: 'store_changed', message: expect.stringMatching(/there is no folder/) };
    await expect(store.check()).rejects.toMatchObject(changed);
    await expect(store.put('sessions/2026-11-21/a', bodyOf(Buffer.from('x')))).rejects.toMatchObject(changed);
    await expect(store.get('sessions/2026-11-21/a', null)).rejects.toMatchObject(changed);
    expect(await readdir(directory.path)).not.toContain('gone');
  });

  test('is not removed with the last object in it', async () => {
    const path = join(directory.path, 'emptied');
    const store = await openObjectStore(`folder:${path}`);
    await store.make();
    await writeFile(join(path, 'only'), '');
    await store.remove('only');
    await store.remove('only');
    expect(await readdir(path)).toEqual([]);
  });

  test('that is a file says so', async () => {
    await writeFile(join(directory.path, 'a-file'), '');
    const store = await openObjectStore(`folder:${directory.path}/a-file`);
    await expect(store.check()).rejects.toThrow(/a-file/);
  });
});

describe.skipIf(s3Server() === undefined)('a bucket', () => {
  let server: S3Server;
  afterAll(() => server[Symbol.asyncDispose]());
  everyStore(async () => {
    server = await startS3();
    const store = await openObjectStore(await server.bucket('kept'));
    return { store, damage: (key, at) => flip(server.pathOf('kept', key), at) };
  });

  test.each([
    ['without versions', async () => await server.bucket('forgetful', false), /keeps no versions: enable versioning/],
    ['that is not there', async () => `s3://nowhere?endpoint=${server.endpoint}&path-style=true`, /make the bucket/],
    ['behind nobody', async () => 's3://kept?endpoint=http://127.0.0.1:1&path-style=true', /ECONNREFUSED/],
  ])('%s is told apart, with what to do', async (_what, address, message) => {
    await using store = await openObjectStore(await address());
    await expect(store.check()).rejects.toThrow(message);
  });

  test('is refused to a wrong key, with what to do', async () => {
    const address = await server.bucket('guarded');
    const secret = process.env.AWS_SECRET_ACCESS_KEY;
    process.env.AWS_SECRET_ACCESS_KEY = 'wrong';
    try {
      await using store = await openObjectStore(address);
      await expect(store.check()).rejects.toMatchObject({
        code: 'store_denied',
        message: expect.stringMatching(/are AWS_ACCESS_KEY_ID/),
      });
    } finally {
      process.env.AWS_SECRET_ACCESS_KEY = secret;
    }
  });

  test('without versions may be used by who says so, and is told what that means', async () => {
    await using store = await openObjectStore(`${await server.bucket('accepted', false)}&versioning=off`);
    expect(await store.check()).toEqual([expect.stringMatching(/cannot be brought back/)]);
    const body = bodyOf(Buffer.from('kept all the same'));
    const key = keyOf();
    expect(await store.put(key, body)).toEqual({ kind: 'written', version: null });
    expect(await read(await store.get(key, null))).toBe('kept all the same');
  });
});

test.each([
  ['ftp://x', /folder:PATH or s3/],
  ['folder:', /name a folder/],
  ['s3://', /name a bucket/],
  ['s3://key:secret@bucket', /must not hold keys/],
  ['s3://bucket?endpint=x', /unknown setting endpint/],
  ['s3://bucket?endpoint=gopher://x', /http or https/],
  ['s3://bucket?path-style=yes', /path-style=true/],
  ['s3://bucket?checksum=no', /checksum=/],
  ['s3://bucket?versioning=on', /versioning=/],
  ['s3://bucket?timeout-ms=soon', /timeout-ms/],
])('the address %s is refused', async (address, message) => {
  await expect(openObjectStore(address)).rejects.toThrow(message);
});
