import { statfs } from 'node:fs/promises';
import { isStorageFull } from '../storage-full.ts';
import { PortTakenError } from './launch-server.ts';

/** Why the embedded server does not start, distinguished where the operator must act differently. */
export type ServerTrouble = 'storage-full' | 'port-taken' | 'other';

/** The write-ahead log grows in segments of this size. With less free space, PostgreSQL cannot even recover. */
const WAL_SEGMENT_BYTES = 16 * 1024 * 1024;

/** Also checks the free space, because a server whose log file is on the full disk cannot report the cause. */
export async function troubleOf(error: unknown, directory: string): Promise<ServerTrouble> {
  if (error instanceof PortTakenError) return 'port-taken';
  if (isStorageFull(error)) return 'storage-full';
  const space = await statfs(directory).catch(() => undefined);
  return space !== undefined && space.bavail * space.bsize < WAL_SEGMENT_BYTES ? 'storage-full' : 'other';
}
