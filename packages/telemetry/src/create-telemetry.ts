import { Registry } from 'prom-client';
import { registerBusGauge } from './bus-gauge.ts';
import { dataTelemetry } from './data-telemetry.ts';
import { type ExemplarLabels, exemplarShelf } from './exemplars.ts';
import { expose } from './exposition.ts';
import { registerFlagGauges } from './flag-gauges.ts';
import { groupTelemetry } from './group-telemetry.ts';
import { httpTelemetry } from './http-telemetry.ts';
import { COUNTERS, HISTOGRAMS } from './metric-catalogue.ts';
import { poolTelemetry } from './pool-telemetry.ts';
import type { Build } from './read-build.ts';
import { registerCounter, registerHistogram } from './register-metrics.ts';
import { registerProgram } from './register-program.ts';
import type { LockTelemetry, OperationKind, Telemetry } from './telemetry.ts';

export type TelemetryOptions = {
  /**
   * The build of the program. Adds the metrics of the process: release, CPU, memory, event loop and garbage collection.
   */
  readonly program?: Build;
  /**
   * The number of processes of the program that share the CPU and memory limits of its container. The metrics of the
   * limits are divided by it. Default: 1.
   */
  readonly processes?: number;
  /** The HTTP operations of the application by id. The kind selects the histogram of the duration. */
  readonly operations?: Readonly<Record<string, OperationKind>>;
  /** Returns the exemplar of the current request. */
  readonly exemplar?: () => ExemplarLabels | undefined;
};

/**
 * Creates the metrics of the product in a registry of their own. `Telemetry` explains the methods, the metric catalogue
 * each metric.
 */
export function createTelemetry({
  program,
  processes = 1,
  operations = {},
  exemplar,
}: TelemetryOptions = {}): Telemetry {
  const registry = new Registry();
  const exemplars = exemplarShelf(Date.now);
  if (program !== undefined) registerProgram(registry, program, processes);

  const starts = registerCounter(registry, COUNTERS.sessionStarts);
  const replacementAttempts = registerCounter(registry, COUNTERS.replacementAttempts);
  const questions = registerCounter(registry, COUNTERS.sessionQuestions);
  const replacements = registerCounter(registry, COUNTERS.sessionReplacements);
  const replacementSeconds = registerHistogram(registry, HISTOGRAMS.sessionReplacement, exemplars);
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
  const embeddedServerEnds = registerCounter(registry, COUNTERS.embeddedServerEnds);
  const embeddedServerRestarts = registerCounter(registry, COUNTERS.embeddedServerRestarts);
  const cacheRequests = registerCounter(registry, COUNTERS.cacheRequests);
  const cacheInvalidations = registerCounter(registry, COUNTERS.cacheInvalidations);
  const idempotentReplays = registerCounter(registry, COUNTERS.idempotentReplays);
  const feedback = registerCounter(registry, COUNTERS.feedback);
  const errors = registerCounter(registry, COUNTERS.errors);

  return {
    sessionStarted: (start) => starts(start),
    replacementAttempted: (outcome, cohort) => replacementAttempts({ outcome, cohort }),
    sessionReplaced: ({ reason, cohort, seconds }) => {
      replacements({ reason });
      replacementSeconds({ cohort }, seconds, exemplar?.());
    },
    asked: (question, cohort) => questions({ question, cohort }),
    lookedUp: (source, cohort, seconds) => lookupSeconds({ source, cohort }, seconds),
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
    feedbackGiven: (rating, cohort) => feedback({ rating, cohort }),
    failed: (code, cohort) => errors({ code, cohort }),
    lock: lockTelemetry(registry),
    pool: poolTelemetry(registry),
    groups: groupTelemetry(registry),
    cache: {
      requested: (layer, result) => cacheRequests({ layer, result }),
      invalidated: (result) => cacheInvalidations({ result }),
      observe: registerBusGauge(registry),
    },
    embeddedServer: { ended: () => embeddedServerEnds({}), runningAgain: () => embeddedServerRestarts({}) },
    flags: { observe: registerFlagGauges(registry) },
    http: httpTelemetry(registry, operations, exemplars),
    data: dataTelemetry(registry),
    exposition: () => registry.metrics(),
    answerScrape: (accept) => expose(registry, accept, exemplars),
  };
}

function lockTelemetry(registry: Registry): LockTelemetry {
  const acquisitions = registerCounter(registry, COUNTERS.lockAcquisitions);
  const acquisitionSeconds = registerHistogram(registry, HISTOGRAMS.lockAcquisition);
  const holdSeconds = registerHistogram(registry, HISTOGRAMS.lockHold);
  const contention = registerCounter(registry, COUNTERS.lockContention);
  const timeouts = registerCounter(registry, COUNTERS.lockTimeouts);
  const retries = registerCounter(registry, COUNTERS.lockRetries);
  return {
    acquired: (strategy, seconds) => {
      acquisitions({ strategy });
      acquisitionSeconds({ strategy }, seconds);
    },
    held: (strategy, seconds) => holdSeconds({ strategy }, seconds),
    contended: (strategy) => contention({ strategy }),
    timedOut: (strategy) => timeouts({ strategy }),
    retried: (strategy) => retries({ strategy }),
  };
}
