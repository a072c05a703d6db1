import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync } from 'node:fs';
import { mkdtemp, open, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A separate file system, small enough to be filled by a test. */
export type SmallDisk = AsyncDisposable & {
  readonly path: string;
  /** Fills all free space, including space freed since the last call. */
  fill(): Promise<void>;
  /** Frees the space that `fill` took. */
  free(): Promise<void>;
};

type SmallDiskAvailability =
  | { readonly kind: 'mount'; readonly command: readonly string[] }
  | { readonly kind: 'none'; readonly reason: string };

/**
 * Checks whether a tmpfs can be mounted, by root or through sudo. In CI it is an error if not, not a reason to skip.
 */
export function smallDiskAvailable(env: NodeJS.ProcessEnv = process.env): SmallDiskAvailability {
  const commands = process.getuid?.() === 0 ? [[]] : [['sudo', '-n']];
  for (const command of process.platform === 'linux' ? commands : []) {
    const probe = mkdtempSync(join(tmpdir(), 'phaselock-disk-'));
    try {
      mount(command, probe, 1);
      unmount(command, probe);
      return { kind: 'mount', command };
    } catch {
      // Try the next command.
    } finally {
      rmdirSync(probe);
    }
  }
  const reason = 'no small disk can be mounted: that takes Linux, and root or sudo without a password';
  if (env.CI === 'true') throw new Error(`The tests of a full disk cannot run: ${reason}.`);
  return { kind: 'none', reason };
}

export async function mountSmallDisk(megabytes: number): Promise<SmallDisk> {
  const available = smallDiskAvailable();
  if (available.kind === 'none') throw new Error(available.reason);
  const path = await mkdtemp(join(tmpdir(), 'phaselock-disk-'));
  mount(available.command, path, megabytes);
  const filler = join(path, 'filler');
  return {
    path,
    fill: () => fill(filler),
    free: () => rm(filler, { force: true }),
    [Symbol.asyncDispose]: async () => {
      unmount(available.command, path);
      await rmdir(path);
    },
  };
}

/** Appends ever smaller pieces until not one more byte fits. */
async function fill(file: string): Promise<void> {
  const handle = await open(file, 'a');
  try {
    for (const size of [1_048_576, 4_096, 1]) await appendUntilFull(handle, Buffer.alloc(size, 1));
  } finally {
    await handle.close();
  }
}

async function appendUntilFull(handle: Awaited<ReturnType<typeof open>>, piece: Buffer): Promise<void> {
  try {
    for (;;) await handle.appendFile(piece);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error;
  }
}

function mount(command: readonly string[], path: string, megabytes: number): void {
  const owner = `uid=${process.getuid?.() ?? 0},gid=${process.getgid?.() ?? 0}`;
  run([...command, 'mount', '-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0755,${owner}`, 'phaselock-test', path]);
}

/** Unmounts lazily, because a server that is shutting down may still have a file open. */
const unmount = (command: readonly string[], path: string): void => run([...command, 'umount', '--lazy', path]);

const run = ([program = '', ...args]: readonly string[]): void =>
  void execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
