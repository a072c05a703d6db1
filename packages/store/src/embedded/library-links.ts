import { lstat, readFile, symlink } from 'node:fs/promises';
import { basename, join } from 'node:path';

/**
 * Creates the symlinks that the server’s libraries need. npm packages cannot contain symlinks, so the package lists
 * them and creates them in a postinstall script, which package managers skip unless it is allowed.
 */
export async function linkLibraries(tree: string): Promise<void> {
  const list = await readFile(join(tree, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const links: unknown = JSON.parse(list);
  if (!Array.isArray(links)) return;
  for (const link of links) await makeLink(tree, link);
}

async function makeLink(tree: string, link: unknown): Promise<void> {
  if (typeof link !== 'object' || link === null || !('source' in link) || !('target' in link)) return;
  const target = join(tree, String(link.target).replace(/^native\//, ''));
  const isThere = await lstat(target).catch(() => undefined);
  if (isThere !== undefined) return;
  await symlink(basename(String(link.source)), target).catch((error: NodeJS.ErrnoException) => {
    // Another process may be doing the same.
    if (error.code !== 'EEXIST') throw error;
  });
}
