import { countLegacyDuplicates, type Database, lastAudit } from '@phaselock/store';
import type { DataTelemetry, Logger } from '@phaselock/telemetry';
import { sweepRepeatedly } from './sweep-repeatedly.ts';

type Watching = {
  readonly kysely: Database['kysely'];
  readonly telemetry: DataTelemetry;
  readonly logger: Pick<Logger, 'warn'>;
};

const EVERY_MS = 60_000;

/**
 * Updates the metrics about all data in the background, once a minute, so that scrapes neither wait for their queries
 * nor repeat them.
 */
export function watchData({ kysely, telemetry, logger }: Watching): AsyncDisposable {
  const resources = new AsyncDisposableStack();
  const repeat = (ask: () => Promise<void>, failure: string): void =>
    void resources.use(sweepRepeatedly({ sweep: ask, everyMs: EVERY_MS, atOnce: true, failure }, logger));
  repeat(() => tellDuplicates(kysely, telemetry), 'failed to count the duplicate sessions outside the guard');
  repeat(() => tellAudit(kysely, telemetry), 'failed to read the last audit');
  return resources;
}

/** Removes the metric when the count fails, because its old value may be wrong by now. */
async function tellDuplicates(kysely: Watching['kysely'], telemetry: DataTelemetry): Promise<void> {
  try {
    telemetry.legacyDuplicates(await countLegacyDuplicates(kysely));
  } catch (error) {
    telemetry.legacyDuplicates(undefined);
    throw error;
  }
}

/** Keeps the metrics when a query fails: they carry the time of the audit, so an old value stays true. */
async function tellAudit(kysely: Watching['kysely'], telemetry: DataTelemetry): Promise<void> {
  for (const [scope, recorded] of [
    ['all', 'all'],
    ['incremental', 'since'],
  ] as const) {
    const audit = await lastAudit(kysely, recorded);
    if (audit === undefined) continue;
    const { finishedAt, errors: error, warnings: warning, undecidable } = audit;
    telemetry.audited(scope, { finishedAt, findings: { error, warning, undecidable } });
  }
}
