import { countLegacyDuplicates, type Database, lastAudit } from '@phaselock/store';
import type { DataTelemetry, Logger } from '@phaselock/telemetry';
import { sweepRepeatedly } from './sweep-repeatedly.ts';

type Watching = {
  readonly kysely: Database['kysely'];
  readonly telemetry: DataTelemetry;
  readonly logger: Pick<Logger, 'warn'>;
};

const EVERY_MS = 60_000;

/** Numbers about the data as a whole, asked for in the background once a minute: no scrape waits for them, however often somebody scrapes. */
export function watchData({ kysely, telemetry, logger }: Watching): AsyncDisposable {
  const resources = new AsyncDisposableStack();
  const repeat = (ask: () => Promise<void>, failure: string): void =>
    void resources.use(sweepRepeatedly({ sweep: ask, everyMs: EVERY_MS, atOnce: true, failure }, logger));
  repeat(() => tellDuplicates(kysely, telemetry), 'sessions outside the guard were not counted');
  repeat(() => tellAudit(kysely, telemetry), 'the last audit was not read');
  return resources;
}

/** A count of which nobody knows whether it still holds is taken away. */
async function tellDuplicates(kysely: Watching['kysely'], telemetry: DataTelemetry): Promise<void> {
  try {
    telemetry.legacyDuplicates(await countLegacyDuplicates(kysely));
  } catch (error) {
    telemetry.legacyDuplicates(undefined);
    throw error;
  }
}

/** It carries its time, so an old one stays true while there is no newer. */
async function tellAudit(kysely: Watching['kysely'], telemetry: DataTelemetry): Promise<void> {
  const audit = await lastAudit(kysely);
  if (audit === undefined) return;
  const { finishedAt, errors: error, warnings: warning, undecidable } = audit;
  telemetry.audited({ finishedAt, findings: { error, warning, undecidable } });
}
