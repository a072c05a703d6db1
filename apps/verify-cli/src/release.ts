import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Set to the version when the command is packed, because the packed file can be used without its package.json. */
declare const PACKED_RELEASE: string | undefined;

/** Version of this command. In the repository, it is in the package.json of the parent folder. */
export function releaseAt(folder: string): string {
  if (typeof PACKED_RELEASE === 'string') return PACKED_RELEASE;
  return versionIn(join(folder, '../package.json')) ?? 'unknown';
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
