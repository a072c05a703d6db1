import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Version of this command, from package.json: in the same folder when packed, else in the parent folder of the source.
 */
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
