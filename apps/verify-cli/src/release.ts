import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The version of this command, from the manifest beside it, where it is packed as one file, or above its source. */
export function releaseAt(folder: string): string {
  for (const file of [join(folder, 'package.json'), join(folder, '../package.json')]) {
    const version = versionIn(file);
    if (version !== undefined) return version;
  }
  return 'unknown';
}

function versionIn(file: string): string | undefined {
  try {
    const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof manifest !== 'object' || manifest === null || !('version' in manifest)) return undefined;
    return typeof manifest.version === 'string' ? manifest.version : undefined;
  } catch {
    return undefined;
  }
}
