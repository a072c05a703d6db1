const CODES = new Set(['53100', 'ENOSPC', 'EDQUOT']);
/** For a used-up quota, which has no SQLSTATE, and for a server that does not start, of which only the log is known. */
const MESSAGE = /No space left on device|Disk quota exceeded/;

/** Whether PostgreSQL (53100, disk_full) or the operating system reports a full disk or a used-up quota. */
export function isStorageFull(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && CODES.has(error.code)) return true;
  return MESSAGE.test(error.message) || isStorageFull(error.cause);
}
