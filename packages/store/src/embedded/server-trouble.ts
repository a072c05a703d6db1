import { statfs } from 'node:fs/promises';
import { isStorageFull } from '../storage-full.ts';
import { PortTakenError } from './launch-server.ts';

/** Why the embedded server does not come up, as far as the operator has to do something different about it. */
export type ServerTrouble = 'storage-full' | 'port-taken' | 'other';

/** PostgreSQL adds to its log in segments of this size, so with less than one it cannot even recover. */
const WAL_SEGMENT_BYTES = 16 * 1024 * 1024;

/** A server whose own log is on the full disk cannot say what is wrong with it, so the disk is asked as well. */
export async function troubleOf(error: unknown, directory: string): Promise<ServerTrouble> {
  if (error instanceof PortTakenError) return 'port-taken';
  if (isStorageFull(error)) return 'storage-full';
  const space = await statfs(directory).catch(() => undefined);
  return space !== undefined && space.bavail * space.bsize < WAL_SEGMENT_BYTES ? 'storage-full' : 'other';
}
