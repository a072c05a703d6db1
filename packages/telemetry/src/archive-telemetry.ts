import { Gauge, Registry } from 'prom-client';
import { ARCHIVE_COUNTERS, ARCHIVE_GAUGES, ARCHIVE_HISTOGRAMS, type ArchiveFailureCode } from './archive-metrics.ts';
import { type ArchiveStanding, archiveStandingGauges } from './archive-standing.ts';
import { type Exposition, expose } from './exposition.ts';
import { poolTelemetry } from './pool-telemetry.ts';
import type { Build } from './read-build.ts';
import { registerCounter, registerHistogram } from './register-metrics.ts';
import { registerProgram } from './register-program.ts';
import type { PoolTelemetry } from './telemetry.ts';

export type ArchiveTelemetry = {
  archived(sessions: number, bytes: number): void;
  failed(code: ArchiveFailureCode, dead: boolean): void;
  changed(sessions: number): void;
  purged(sessions: number): void;
  removed(objects: number): void;
  batch(sessions: number): void;
  ran(seconds: number): void;
  /** Counts a lane as in progress until the result is disposed. */
  running(): Disposable;
  readonly pool: PoolTelemetry;
  /** Answers a scrape of a Prometheus server in the format of its `Accept` header. */
  answerScrape(accept: string | undefined): Promise<Exposition>;
};

type ArchiveTelemetryParts = {
  readonly program: Build;
  /** Undefined when it cannot be read; the scrape then contains the other metrics only. */
  readonly standing: () => Promise<ArchiveStanding | undefined>;
};

export function createArchiveTelemetry({ program, standing }: ArchiveTelemetryParts): ArchiveTelemetry {
  const registry = new Registry();
  registerProgram(registry, program);
  const archived = registerCounter(registry, ARCHIVE_COUNTERS.archived);
  const bytes = registerCounter(registry, ARCHIVE_COUNTERS.bytes);
  const failures = registerCounter(registry, ARCHIVE_COUNTERS.failures);
  const dead = registerCounter(registry, ARCHIVE_COUNTERS.dead);
  const changed = registerCounter(registry, ARCHIVE_COUNTERS.changed);
  const purged = registerCounter(registry, ARCHIVE_COUNTERS.purged);
  const removed = registerCounter(registry, ARCHIVE_COUNTERS.removed);
  const run = registerHistogram(registry, ARCHIVE_HISTOGRAMS.run);
  const batch = registerHistogram(registry, ARCHIVE_HISTOGRAMS.batch);
  const { name, help } = ARCHIVE_GAUGES.running;
  const running = new Gauge({ name, help, registers: [registry] });
  const tellStanding = archiveStandingGauges(registry);

  return {
    archived: (sessions, written) => {
      archived({}, sessions);
      bytes({}, written);
    },
    failed: (code, isDead) => {
      failures({ code });
      if (isDead) dead({});
    },
    changed: (sessions) => changed({}, sessions),
    purged: (sessions) => purged({}, sessions),
    removed: (objects) => removed({}, objects),
    batch: (sessions) => batch({}, sessions),
    ran: (seconds) => run({}, seconds),
    running: () => {
      running.inc();
      return { [Symbol.dispose]: () => running.dec() };
    },
    pool: poolTelemetry(registry),
    answerScrape: async (accept) => {
      tellStanding(await standing());
      return await expose(registry, accept);
    },
  };
}
