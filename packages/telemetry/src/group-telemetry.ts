import type { Registry } from 'prom-client';
import { COUNTERS, HISTOGRAMS } from './metric-catalogue.ts';
import { registerCounter, registerHistogram } from './register-metrics.ts';
import type { GroupTelemetry } from './telemetry.ts';

/** The metrics of writes that are sent in one statement with others. */
export function groupTelemetry(registry: Registry): GroupTelemetry {
  const sizes = registerHistogram(registry, HISTOGRAMS.writesPerStatement);
  const leftOut = registerCounter(registry, COUNTERS.writesLeftOut);
  return {
    sent: (write, calls) => sizes({ write }, calls),
    leftOut: (write, calls) => leftOut({ write }, calls),
  };
}
