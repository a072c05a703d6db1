import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { ARCHIVE_COUNTERS, ARCHIVE_GAUGES, ARCHIVE_HISTOGRAMS, type ArchiveFailureCode } from './archive-metrics.ts';
import { poolTelemetry } from './pool-telemetry.ts';
import { registerCounter, registerHistogram } from './register-metrics.ts';
import type { PoolTelemetry } from './telemetry.ts';

/** What the database knows, asked for at the scrape. */
export type ArchiveStanding = {
  readonly backlog: number;
  readonly deadLetters: number;
  readonly lastSuccess: Date | undefined;
};

export type ArchiveTelemetry = {
  archived(sessions: number, bytes: number): void;
  failed(code: ArchiveFailureCode, dead: boolean): void;
  changed(sessions: number): void;
  purged(sessions: number): void;
  removed(objects: number): void;
  batch(sessions: number): void;
  ran(seconds: number): void;
  /** Until it is disposed of. */
  running(): Disposable;
  readonly pool: PoolTelemetry;
  exposition(): Promise<string>;
  readonly contentType: string;
};

/** A database that cannot be asked leaves these as they were: the scrape tells the rest all the same. */
export function createArchiveTelemetry(standing: () => Promise<ArchiveStanding>): ArchiveTelemetry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const archived = registerCounter(registry, ARCHIVE_COUNTERS.archived);
  const bytes = registerCounter(registry, ARCHIVE_COUNTERS.bytes);
  const failures = registerCounter(registry, ARCHIVE_COUNTERS.failures);
  const dead = registerCounter(registry, ARCHIVE_COUNTERS.dead);
  const changed = registerCounter(registry, ARCHIVE_COUNTERS.changed);
  const purged = registerCounter(registry, ARCHIVE_COUNTERS.purged);
  const removed = registerCounter(registry, ARCHIVE_COUNTERS.removed);
  const run = registerHistogram(registry, ARCHIVE_HISTOGRAMS.run);
  const batch = registerHistogram(registry, ARCHIVE_HISTOGRAMS.batch);
  const gauge = ({ name, help }: { readonly name: string; readonly help: string }): Gauge =>
    new Gauge({ name, help, registers: [registry] });
  const running = gauge(ARCHIVE_GAUGES.running);
  const backlog = gauge(ARCHIVE_GAUGES.backlog);
  const deadLetters = gauge(ARCHIVE_GAUGES.deadLetters);
  const lastSuccess = gauge(ARCHIVE_GAUGES.lastSuccess);

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
    exposition: async () => {
      const known = await standing().catch(() => undefined);
      if (known !== undefined) {
        backlog.set(known.backlog);
        deadLetters.set(known.deadLetters);
        lastSuccess.set((known.lastSuccess?.getTime() ?? 0) / 1000);
      }
      return await registry.metrics();
    },
    contentType: registry.contentType,
  };
}
