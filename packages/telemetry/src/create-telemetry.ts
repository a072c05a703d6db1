import { collectDefaultMetrics, Registry } from 'prom-client';
import { registerFlagGauges } from './flag-gauges.ts';
import { httpTelemetry } from './http-telemetry.ts';
import { COUNTERS, HISTOGRAMS } from './metric-catalogue.ts';
import { registerPoolGauge } from './pool-gauge.ts';
import { registerCounter, registerHistogram } from './register-metrics.ts';
import type { LockTelemetry, Telemetry } from './telemetry.ts';

export type TelemetryOptions = {
  /** CPU, memory, event loop and garbage collection of this process, under the names Prometheus clients share. */
  readonly processMetrics?: boolean;
  /** The operations of an application that answers requests. */
  readonly operations?: readonly string[];
};

export function createTelemetry({ processMetrics = false, operations = [] }: TelemetryOptions = {}): Telemetry {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });

  const starts = registerCounter(registry, COUNTERS.sessionStarts);
  const replacements = registerCounter(registry, COUNTERS.sessionReplacements);
  const replacementSeconds = registerHistogram(registry, HISTOGRAMS.sessionReplacement);
  const lookupSeconds = registerHistogram(registry, HISTOGRAMS.sessionLookup);
  const unguardedStarts = registerCounter(registry, COUNTERS.unguardedStarts);
  const crossedStarts = registerCounter(registry, COUNTERS.crossedStarts);
  const legacyCollapsed = registerCounter(registry, COUNTERS.legacyCollapsed);
  const turns = registerCounter(registry, COUNTERS.turns);
  const modelChanges = registerCounter(registry, COUNTERS.modelChanges);
  const turnsEnded = registerCounter(registry, COUNTERS.turnsEnded);
  const fencedWrites = registerCounter(registry, COUNTERS.fencedWrites);
  const sessionsDeleted = registerCounter(registry, COUNTERS.sessionsDeleted);
  const bulkOperations = registerCounter(registry, COUNTERS.bulkOperations);
  const bulkItems = registerCounter(registry, COUNTERS.bulkItems);
  const poolWait = registerHistogram(registry, HISTOGRAMS.poolWait);
  const poolFailures = registerCounter(registry, COUNTERS.poolConnectionFailures);
  const embeddedServerEnds = registerCounter(registry, COUNTERS.embeddedServerEnds);
  const embeddedServerRestarts = registerCounter(registry, COUNTERS.embeddedServerRestarts);
  const cacheRequests = registerCounter(registry, COUNTERS.cacheRequests);
  const cacheInvalidations = registerCounter(registry, COUNTERS.cacheInvalidations);
  const idempotentReplays = registerCounter(registry, COUNTERS.idempotentReplays);
  const feedback = registerCounter(registry, COUNTERS.feedback);
  const errors = registerCounter(registry, COUNTERS.errors);
  const observePool = registerPoolGauge(registry);

  return {
    sessionStarted: (start) => starts(start),
    sessionReplaced: ({ reason, seconds }) => {
      replacements({ reason });
      replacementSeconds({}, seconds);
    },
    lookedUp: (source, seconds) => lookupSeconds({ source }, seconds),
    startedUnguarded: () => unguardedStarts({}),
    startCrossed: () => crossedStarts({}),
    legacyCollapsed: (sessions) => legacyCollapsed({}, sessions),
    turnDecided: (decision) => turns({ decision }),
    modelChanged: () => modelChanges({}),
    turnEnded: (ending, count) => turnsEnded({ ending }, count),
    writeFenced: (operation) => fencedWrites({ operation }),
    sessionDeleted: (reason, sessions) => sessionsDeleted({ reason }, sessions),
    bulkDone: (operation, items) => {
      bulkOperations({ operation });
      bulkItems({ operation }, items);
    },
    replayed: () => idempotentReplays({}),
    feedbackGiven: (rating) => feedback({ rating }),
    failed: (code) => errors({ code }),
    lock: lockTelemetry(registry),
    pool: {
      waited: (seconds) => poolWait({}, seconds),
      connectionFailed: () => poolFailures({}),
      observe: observePool,
    },
    cache: {
      requested: (layer, result) => cacheRequests({ layer, result }),
      invalidated: (result) => cacheInvalidations({ result }),
    },
    embeddedServer: { ended: () => embeddedServerEnds({}), runningAgain: () => embeddedServerRestarts({}) },
    flags: { observe: registerFlagGauges(registry) },
    http: httpTelemetry(registry, operations),
    exposition: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function lockTelemetry(registry: Registry): LockTelemetry {
  const acquisitions = registerCounter(registry, COUNTERS.lockAcquisitions);
  const acquisitionSeconds = registerHistogram(registry, HISTOGRAMS.lockAcquisition);
  const contention = registerCounter(registry, COUNTERS.lockContention);
  const timeouts = registerCounter(registry, COUNTERS.lockTimeouts);
  const retries = registerCounter(registry, COUNTERS.lockRetries);
  return {
    acquired: (strategy, seconds) => {
      acquisitions({ strategy });
      acquisitionSeconds({ strategy }, seconds);
    },
    contended: (strategy) => contention({ strategy }),
    timedOut: (strategy) => timeouts({ strategy }),
    retried: (strategy) => retries({ strategy }),
  };
}
