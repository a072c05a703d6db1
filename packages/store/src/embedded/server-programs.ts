import { randomBytes } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { linkLibraries } from './library-links.ts';
import type { NativePackage } from './native-package.ts';
import { canEnter, canRead, canRun } from './path-access.ts';
import type { ServerAccount } from './server-account.ts';

export type ServerPrograms = { readonly initdb: string; readonly postgres: string };

/**
 * Returns programs that the account can run, usually those in node_modules. They are copied, once per version, when the
 * account cannot reach them (a checkout under /root) or the libraries cannot be linked (a read-only image).
 */
export async function serverPrograms(
  { tree, version }: NativePackage,
  account: ServerAccount,
  copies: string,
): Promise<ServerPrograms> {
  const inPlace = (await isRunnable(tree, account)) && (await linkLibraries(tree).then(() => true, isReadOnly));
  return programsIn(inPlace ? tree : await copyOnce(tree, join(copies, `postgresql-${version}`)));
}

function programsIn(tree: string): ServerPrograms {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return { initdb: join(tree, 'bin', `initdb${suffix}`), postgres: join(tree, 'bin', `postgres${suffix}`) };
}

/** Checks one file of each kind only, because all modes follow from the umask of the installation. */
async function isRunnable(tree: string, account: ServerAccount): Promise<boolean> {
  if (!(await canRun(programsIn(tree).postgres, account))) return false;
  return (await canEnter(join(tree, 'lib'), account)) && canRead(join(tree, 'share/postgresql/postgres.bki'), account);
}

function isReadOnly(error: NodeJS.ErrnoException): boolean {
  if (error.code === 'EROFS' || error.code === 'EACCES' || error.code === 'EPERM') return false;
  throw error;
}

async function copyOnce(tree: string, target: string): Promise<string> {
  if (await exists(target)) return target;
  const draft = `${target}.${randomBytes(6).toString('hex')}`;
  await copyTree(tree, draft);
  await linkLibraries(draft);
  await rename(draft, target).catch(async (error: unknown) => {
    await rm(draft, { recursive: true, force: true });
    // Another process was faster; its copy is used.
    if (!(await exists(target))) throw error;
  });
  return target;
}

/**
 * Copies files so that every user can read them, whatever the umask. Links are left out and recreated later; static
 * libraries are not needed.
 */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await chmod(to, 0o755);
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await copyTree(source, target);
    else if (entry.isFile() && !entry.name.endsWith('.a')) {
      await copyFile(source, target);
      // Some package managers drop the executable bit.
      await chmod(target, basename(from) === 'bin' ? 0o755 : 0o644);
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
