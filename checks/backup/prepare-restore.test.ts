import { spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { temporaryDirectory } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { prepareRestore, recoveryTime } from '../../ops/backup/prepare-restore.ts';

const FETCH_WAL = resolve(import.meta.dirname, '../../ops/backup/fetch-wal.sh');

async function aBackup(folder: string, files: Readonly<Record<string, string>>): Promise<string> {
  const backup = join(folder, 'backup');
  await mkdir(backup);
  for (const [name, text] of Object.entries(files)) await writeFile(join(backup, name), text);
  return backup;
}

/** The files of a backup by pg_basebackup, which has its own manifest. */
const WHOLE = { PG_VERSION: '18', backup_label: 'START WAL LOCATION: 0/2000028', backup_manifest: '{}' };

describe('prepareRestore', () => {
  test('clears the recovery target of an earlier restore when it restores to the end', async () => {
    await using folder = await temporaryDirectory();
    const earlier = "recovery_target_time = '2026-01-01 00:00:00+00'\nrecovery_target_xid = '77'\n";
    const backup = await aBackup(folder.path, { ...WHOLE, 'postgresql.auto.conf': earlier });
    const into = join(folder.path, 'restored');
    await prepareRestore({ backup, into, fetchWal: 'true', to: { kind: 'end' } });
    const settings = await readFile(join(into, 'postgresql.auto.conf'), 'utf8');
    // PostgreSQL uses the last of several lines for a setting.
    const inForce = new Map(
      [...settings.matchAll(/^(recovery_target\w*) = '(.*)'$/gm)].map(([, name, value]) => [name, value]),
    );
    expect(Object.fromEntries(inForce)).toEqual({
      recovery_target: '',
      recovery_target_action: 'promote',
      recovery_target_lsn: '',
      recovery_target_name: '',
      recovery_target_time: '',
      recovery_target_timeline: 'latest',
      recovery_target_xid: '',
    });
  });

  test.each([
    ['an unfinished backup, which has no label', { PG_VERSION: '18' }, 'no backup_label'],
    ['a folder that is no backup', { 'notes.txt': '' }, 'no PG_VERSION and no backup_label'],
  ])('refuses %s', async (_, files, why) => {
    await using folder = await temporaryDirectory();
    const backup = await aBackup(folder.path, files);
    const into = join(folder.path, 'restored');
    await expect(prepareRestore({ backup, into, fetchWal: 'true', to: { kind: 'end' } })).rejects.toThrow(why);
  });

  test.each([
    ['2026-02-28T23:59:59Z', '2026-02-28 23:59:59+00'],
    ['2026-02-28 23:59+01:00', '2026-02-28 23:59+01:00'],
    ['2026-02-31T12:00:00Z', undefined],
    ['2026-02-28T99:99:99Z', undefined],
    ['2026-02-28T12:00:00', undefined],
  ])('converts the time %s to %s', (at, instant) => {
    expect(recoveryTime(at)).toBe(instant);
  });
});

test('fetch-wal.sh stops the recovery at a missing segment if the archive has later ones', async () => {
  await using folder = await temporaryDirectory();
  const segment = (number: number): string =>
    `0000000100000000000000${number.toString(16).padStart(2, '0').toUpperCase()}`;
  for (const name of ['.phaselock-wal', segment(1), segment(3), '00000002.history'])
    await writeFile(join(folder.path, name), '');
  const fetched = (name: string) =>
    spawnSync('sh', [FETCH_WAL, name, join(folder.path, 'fetched'), folder.path], { encoding: 'utf8' });
  expect(fetched(segment(1)).status).toBe(0);
  expect(fetched(segment(2))).toMatchObject({ status: 126, stderr: expect.stringContaining(segment(3)) });
  expect(fetched(segment(4)).status).toBe(1);
  expect(fetched('00000003.history').status).toBe(1);
  expect(fetched('000000020000000000000001').status).toBe(1);
});
