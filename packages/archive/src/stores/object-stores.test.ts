import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type S3Server, s3Server, startS3 } from '../../test/start-s3.ts';
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

  test('passes its check: it exists, keeps versions and is writable', async () => {
    expect(await home.store.check()).toEqual([]);
  });

  test('passes many concurrent checks', async () => {
    const looks = await Promise.all(Array.from({ length: 30 }, () => home.store.check()));
    expect(looks.flat()).toEqual([]);
  });

  test.each([0, 1, 70_000, 20_000_000])('returns %i bytes as they were written', async (size) => {
    const body = bodyOf(Buffer.alloc(size, 'phaselock '));
    const key = keyOf();
    const { kind, version } = await home.store.put(key, body);
    expect(kind).toBe('written');
    await verifyObject(home.store, recordedOf(key, version, body));
  });

  test('never overwrites an object, even with concurrent writes', async () => {
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

  test('returns undefined for a missing object, and accepts its removal', async () => {
    expect(await home.store.get(keyOf(), null)).toBeUndefined();
    await home.store.remove(keyOf());
  });

  test('removes every version of an object', async () => {
    const key = keyOf();
    const { version } = await home.store.put(key, bodyOf(Buffer.from('a year ago')));
    await home.store.remove(key);
    expect(await home.store.get(key, version)).toBeUndefined();
    expect(await home.store.get(key, null)).toBeUndefined();
    // The key can be written again.
    expect(await home.store.put(key, bodyOf(Buffer.from('again')))).toMatchObject({ kind: 'written' });
  });

  test.each([0, 4, 9, 500])('detects a flipped bit in byte %i', async (at) => {
    const body = bodyOf(Buffer.alloc(501, 'x'));
    const key = keyOf();
    const { version } = await home.store.put(key, body);
    await home.damage(key, at);
    await expect(read(readVerified(home.store, recordedOf(key, version, body)))).rejects.toMatchObject({
      code: 'object_damaged',
    });
  });

  test('detects an object that is shorter or longer than recorded', async () => {
    const body = bodyOf(Buffer.from('0123456789'));
    const key = keyOf();
    const { version } = await home.store.put(key, body);
    for (const bytes of [9, 11])
      await expect(verifyObject(home.store, { ...recordedOf(key, version, body), bytes })).rejects.toMatchObject({
        code: 'object_damaged',
      });
  });

  test('lists the keys in a folder and below it, and nothing for a folder that does not exist', async () => {
    const folder = `listed-${randomUUID()}`;
    const keys = [`${folder}/2026-11-21/one.json.gz`, `${folder}/2026-11-21/two.json.gz`, `${folder}/three.json`];
    for (const key of [...keys, `${folder}-beside/four.json`]) await home.store.put(key, bodyOf(Buffer.from(key)));
    expect((await Array.fromAsync(home.store.list(folder))).toSorted()).toEqual(keys.toSorted());
    await home.store.remove(keys[0] ?? '');
    expect((await Array.fromAsync(home.store.list(folder))).toSorted()).toEqual(keys.slice(1).toSorted());
    expect(await Array.fromAsync(home.store.list(`nothing-${randomUUID()}`))).toEqual([]);
  });

  test('reports a missing object as object_missing', async () => {
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

  test('leaves no incomplete file behind', async () => {
    expect(await readdir(join(directory.path, 'kept', '.incoming'))).toEqual([]);
  });

  test.each(['../outside', 'sessions/../../outside', '/etc/passwd', 'a\0b', ''])('refuses the key %j', async (key) => {
    const store = await openObjectStore(`folder:${directory.path}/kept`);
    await expect(store.put(key, bodyOf(Buffer.from('x')))).rejects.toMatchObject({ code: 'store_unusable' });
  });

  test('is not created again by a check, write or read when it is missing', async () => {
    const path = join(directory.path, 'gone');
    const store = await openObjectStore(`folder:${path}`);
    const changed = { code: 'store_changed', message: expect.stringMatching(/there is no folder/) };
    await expect(store.check()).rejects.toMatchObject(changed);
    await expect(store.put('sessions/2026-11-21/a', bodyOf(Buffer.from('x')))).rejects.toMatchObject(changed);
    await expect(store.get('sessions/2026-11-21/a', null)).rejects.toMatchObject(changed);
    await expect(Array.fromAsync(store.list('sessions'))).rejects.toMatchObject(changed);
    expect(await readdir(directory.path)).not.toContain('gone');
  });

  test('is not removed with its last object', async () => {
    const path = join(directory.path, 'emptied');
    const store = await openObjectStore(`folder:${path}`);
    await store.make();
    await writeFile(join(path, 'only'), '');
    await store.remove('only');
    await store.remove('only');
    expect(await readdir(path)).toEqual([]);
  });

  test('names the path when it is a file', async () => {
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
    ['not versioned', async () => await server.bucket('forgetful', false), /keeps no versions: enable versioning/],
    ['missing', async () => `s3://nowhere?endpoint=${server.endpoint}&path-style=true`, /make the bucket/],
    ['unreachable', async () => 's3://kept?endpoint=http://127.0.0.1:1&path-style=true', /ECONNREFUSED/],
  ])('reports how to fix a bucket that is %s', async (_what, address, message) => {
    await using store = await openObjectStore(await address());
    await expect(store.check()).rejects.toThrow(message);
  });

  test('rejects a wrong key and names the settings to check', async () => {
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

  test('accepts a bucket without versioning if versioning=off, with a warning', async () => {
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
])('refuses the address %s', async (address, message) => {
  await expect(openObjectStore(address)).rejects.toThrow(message);
});
