import type { Logger } from '@phaselock/telemetry';

const QUIET_MS = 60_000;

/** Logs a full disk at most once a minute, because every write fails on it. */
export function reportStorageFull(logger: Pick<Logger, 'error'>, now: () => number): (error: unknown) => void {
  let saidAt: number | undefined;
  return (error) => {
    if (saidAt !== undefined && now() - saidAt < QUIET_MS) return;
    saidAt = now();
    logger.error(
      { err: error, 'event.action': 'storage-full' },
      'the disk of PostgreSQL is full: writes are refused with storage_full, reads still work. Free some space on the disk; no restart is needed',
    );
  };
}
