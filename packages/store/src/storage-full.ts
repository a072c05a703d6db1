const CODES = new Set(['53100', 'ENOSPC', 'EDQUOT']);
/** PostgreSQL has a code for a full disk, but none for a quota that is used up; and a server that does not start has only its log. */
const MESSAGE = /No space left on device|Disk quota exceeded/;

/** Whether it failed because nothing more fits on the disk: said by PostgreSQL (53100, disk_full) or by the system about a file of ours. */
export function isStorageFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && CODES.has(error.code)) return true;
  return MESSAGE.test(error.message) || isStorageFull(error.cause);
}
