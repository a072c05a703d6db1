import type { Logger } from '@phaselock/telemetry';

const QUIET_MS = 60_000;

/** Every write meets a full disk: it is said once a minute, for as long as it lasts. */
export function reportStorageFull(logger: Pick<Logger, 'error'>, now: () => number): (error: unknown) => void {
  let saidAt: number | undefined;
  return (error) => {
    if (saidAt !== undefined && now() - saidAt < QUIET_MS) return;
    saidAt = now();
    logger.error(
      { err: error, 'event.action': 'storage-full' },
      'the disk of PostgreSQL is full: writes are refused with storage_full, reads go on. Free some space on it; nothing has to be restarted',
    );
  };
}
