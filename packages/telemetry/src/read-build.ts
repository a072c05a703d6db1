import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The release of a program, and the commit it was built from. */
export type Build = { readonly version: string; readonly revision: string };

const UNKNOWN = 'unknown';

/**
 * Reads the version from package.json in `root`. The revision is the given one, or that of a git checkout in `root`.
 */
export function readBuild(root: string, told: string | undefined): Build {
  return { version: readVersion(root), revision: told ?? checkedOut(root) ?? UNKNOWN };
}

function readVersion(root: string): string {
  const manifest: unknown = JSON.parse(readText(join(root, 'package.json')) ?? '{}');
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null;
  return typeof version === 'string' ? version : UNKNOWN;
}

/** Reads the commit of HEAD from the files, because the git program may be missing. */
function checkedOut(root: string): string | undefined {
  const git = gitFolder(join(root, '.git'));
  const head = readText(join(git, 'HEAD'))?.trim();
  if (head === undefined) return undefined;
  const [, ref] = /^ref: (\S+)$/.exec(head) ?? [];
  return commitIn(ref === undefined ? head : refIn(git, ref));
}

/** In a worktree, `.git` is a file with the path of the git folder. */
function gitFolder(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return path;
  const [, folder = ''] = /^gitdir: (.+)$/m.exec(readText(path) ?? '') ?? [];
  return resolve(path, '..', folder);
}

/** The branches of a worktree are stored in the folder of the main repository. */
function refIn(git: string, ref: string): string | undefined {
  const common = resolve(git, readText(join(git, 'commondir'))?.trim() ?? '.');
  const loose = [git, common].map((folder) => readText(join(folder, ref))).find((text) => text !== undefined);
  if (loose !== undefined) return loose.trim();
  return readText(join(common, 'packed-refs'))
    ?.split('\n')
    .find((line) => line.endsWith(` ${ref}`))
    ?.split(' ')[0];
}

const commitIn = (text: string | undefined): string | undefined =>
  text !== undefined && /^[\da-f]{40,64}$/.test(text) ? text : undefined;

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
