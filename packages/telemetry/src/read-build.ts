import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Which program runs: its release, and the commit it was built from. */
export type Build = { readonly version: string; readonly revision: string };

const UNKNOWN = 'unknown';

/** The version of the package.json in `root`; the revision as it was told, else that of a checkout there. */
export function readBuild(root: string, told: string | undefined): Build {
  return { version: readVersion(root), revision: told ?? checkedOut(root) ?? UNKNOWN };
}

function readVersion(root: string): string {
  const manifest: unknown = JSON.parse(readText(join(root, 'package.json')) ?? '{}');
  const version = typeof manifest === 'object' && manifest !== null && 'version' in manifest ? manifest.version : null;
  return typeof version === 'string' ? version : UNKNOWN;
}

/** What HEAD names, without asking git: an image or a package has none. */
function checkedOut(root: string): string | undefined {
  const git = gitFolder(join(root, '.git'));
  const head = readText(join(git, 'HEAD'))?.trim();
  if (head === undefined) return undefined;
  const [, ref] = /^ref: (\S+)$/.exec(head) ?? [];
  return commitIn(ref === undefined ? head : refIn(git, ref));
}

/** Of a worktree, `.git` is a file that says where the folder is. */
function gitFolder(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return path;
  const [, folder = ''] = /^gitdir: (.+)$/m.exec(readText(path) ?? '') ?? [];
  return resolve(path, '..', folder);
}

/** Branches of a worktree are kept with those of the repository. */
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
