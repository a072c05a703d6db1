import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually, temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MANIFEST, manifestText } from '../../ops/backup/backup-manifest.ts';
import { copiedText, copyCluster } from '../../ops/backup/copy-cluster.ts';
import { prepareRestore } from '../../ops/backup/prepare-restore.ts';

const resources = new AsyncDisposableStack();
let folder: string;
let source: string;
const at = (...names: readonly string[]): string => join(folder, ...names);

beforeAll(async () => {
  folder = resources.use(await temporaryDirectory()).path;
  source = at('source');
  await mkdir(join(source, 'base/1'), { recursive: true });
  await mkdir(join(source, 'pg_wal'));
  await writeFile(join(source, 'pg_wal/1'), 'of no use');
  await writeFile(join(source, 'postmaster.pid'), '1');
  for (let file = 10; file < 60; file += 1) await writeFile(join(source, 'base/1', String(file)), `file ${file}`);
});
afterAll(() => resources.disposeAsync());

test('copyCluster skips the files of the running server and returns the checksum of each copied file', async () => {
  const files = await copyCluster(source, at('copied'));
  expect(files.length).toBe(50);
  expect(files.find(({ path }) => path === 'base/1/10')).toEqual({
    path: 'base/1/10',
    bytes: 7,
    sha256: 'fb76dcd7978829fd95936dea9ae1bcf821baae869317a8f5c2c700cbb8b1cf0d',
  });
  expect((await readdir(at('copied'))).toSorted()).toEqual(['base', 'pg_wal']);
  expect(await readdir(at('copied/pg_wal'))).toEqual([]);
});

test('copyCluster fails when its target folder disappears', async () => {
  const copying = copyCluster(source, at('target'));
  const ended = expect(copying).rejects.toThrow('ENOENT');
  await eventually(async () => (await readdir(at('target/base/1')).catch(() => [])).length > 0, { everyMs: 0 });
  await rename(at('target'), at('elsewhere'));
  await ended;
});

const OF_EVERY_BACKUP = { PG_VERSION: '18', backup_label: 'START WAL LOCATION: 0/2000028' };

describe('prepareRestore', () => {
  beforeAll(async () => {
    const files = await copyCluster(source, at('backup'));
    for (const [name, text] of Object.entries(OF_EVERY_BACKUP)) {
      await writeFile(at('backup', name), text);
      files.push(copiedText(name, text));
    }
    await writeFile(at('backup', MANIFEST), manifestText(files));
  });
  const restore = (backup: string, into: string): Promise<void> =>
    prepareRestore({ backup, into, fetchWal: 'false', to: { kind: 'end' } });

  test.each<readonly [string, string, (copy: string) => Promise<void>]>([
    ['with a flipped byte', 'base/1/10 has a different checksum', (copy) => flipByte(join(copy, 'base/1/10'))],
    ['with a truncated file', 'base/1/11 has 3 bytes', (copy) => writeFile(join(copy, 'base/1/11'), 'cut')],
    ['without one of its files', 'base/1/12 is missing', (copy) => rm(join(copy, 'base/1/12'))],
    ['with an additional file', 'base/1/9 is not in the manifest', (copy) => writeFile(join(copy, 'base/1/9'), '')],
    ['without its manifest', 'not a complete base backup', (copy) => rm(join(copy, MANIFEST))],
    ['with half a manifest', 'not a complete base backup', (copy) => writeFile(join(copy, MANIFEST), '{"files": [')],
  ])('refuses a backup %s', async (name, message, damage) => {
    const [copy, into] = [at(`${name}`), at(`${name}, restored`)];
    await cp(at('backup'), copy, { recursive: true });
    await damage(copy);
    await expect(restore(copy, into)).rejects.toThrow(message);
    expect(await readdir(into).catch(() => [])).toEqual([]);
  });

  test('restores an undamaged backup, without its manifest', async () => {
    await restore(at('backup'), at('sound'));
    expect((await readdir(at('sound'))).toSorted()).toEqual([
      'PG_VERSION',
      'backup_label',
      'base',
      'pg_wal',
      'postgresql.auto.conf',
      'recovery.signal',
    ]);
  });

  test('accepts a backup by pg_basebackup, whose manifest pg_verifybackup can check', async () => {
    await cp(at('backup'), at('foreign'), { recursive: true });
    await rename(at('foreign', MANIFEST), at('foreign/backup_manifest'));
    await restore(at('foreign'), at('foreign-restored'));
  });
});

async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes.writeUInt8(bytes.readUInt8(3) ^ 1, 3);
  await writeFile(file, bytes);
}
