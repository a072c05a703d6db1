import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type DataDisk = AsyncDisposable & {
  readonly path: string;
  /** Why the disk cannot be filled; undefined if it is a small tmpfs that can. */
  readonly cannotFill: string | undefined;
  fill(): Promise<void>;
  empty(): Promise<void>;
};

const BLOCK = 1 << 20;

/** Creates the folder of the data directory, on a small tmpfs if one can be mounted. */
export async function openDataDisk(megabytes: number): Promise<DataDisk> {
  const path = await mkdtemp(join(tmpdir(), 'phaselock-chaos-'));
  const mounted = process.platform === 'linux' && mount(path, megabytes);
  // If root runs the campaign, PostgreSQL runs as another user, which must be able to enter this folder.
  await chmod(path, 0o711);
  const ballast = join(path, 'ballast');
  return {
    path,
    cannotFill: mounted ? undefined : 'needs root and tmpfs',
    fill: async () => {
      const { bavail, bsize } = await statfs(path);
      await mkdir(ballast, { recursive: true });
      spawnSync('fallocate', ['-l', String(bavail * bsize), join(ballast, 'most')]);
      // Fills the remainder to the last block.
      await writeFile(join(ballast, 'rest'), Buffer.alloc(BLOCK)).catch(() => undefined);
    },
    empty: () => rm(ballast, { recursive: true, force: true }),
    [Symbol.asyncDispose]: async () => {
      if (mounted) spawnSync('umount', ['-l', path]);
      await rm(path, { recursive: true, force: true });
    },
  };
}

function mount(path: string, megabytes: number): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=711`, 'tmpfs', path]).status === 0;
}
