import { join } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { folderStore } from './folder-store.ts';

const BODY = {
  bytes: 1,
  sha256: '',
  async *open() {
    yield Uint8Array.of(1);
  },
};

test('flushes the name of a folder that another process created before a write in it succeeds', async () => {
  await using directory = await temporaryDirectory();
  const root = join(directory.path, 'archive');
  const synced: string[] = [];
  await using other = folderStore(root);
  await using store = folderStore(root, async (path) => void synced.push(path));
  await other.make();
  await other.check();
  await other.put('sessions/2026-11-21/a', BODY);

  expect(await store.put('sessions/2026-11-21/b', BODY)).toMatchObject({ kind: 'written' });
  expect(synced.splice(0)).toEqual([join(root, 'sessions/2026-11-21'), join(root, 'sessions'), root]);
  expect(await store.put('sessions/2026-11-21/c', BODY)).toMatchObject({ kind: 'written' });
  expect(synced.splice(0)).toEqual([join(root, 'sessions/2026-11-21')]);
});

test('flushes the name of an existing object that another process wrote', async () => {
  await using directory = await temporaryDirectory();
  const synced: string[] = [];
  await using store = folderStore(directory.path, async (path) => void synced.push(path));
  await store.check();
  await store.put('a', BODY);
  synced.length = 0;
  expect(await store.put('a', BODY)).toMatchObject({ kind: 'exists' });
  expect(synced).toEqual([directory.path]);
});
