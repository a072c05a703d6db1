import { Gauge, type Registry } from 'prom-client';
import { GAUGES } from './gauge-catalogue.ts';
import { POOL_STATES } from './label-values.ts';
import { COUNTERS, HISTOGRAMS } from './metric-catalogue.ts';
import { registerCounter, registerHistogram } from './register-metrics.ts';
import type { PoolCounts, PoolTelemetry } from './telemetry.ts';

/** The metrics of connection pools, which all programs have in common. */
export function poolTelemetry(registry: Registry): PoolTelemetry {
  const waits = registerHistogram(registry, HISTOGRAMS.poolWait);
  const timeouts = registerCounter(registry, COUNTERS.poolWaitTimeouts);
  const failures = registerCounter(registry, COUNTERS.poolConnectionFailures);
  return {
    waited: (seconds) => waits({}, seconds),
    waitTimedOut: (seconds) => {
      waits({}, seconds);
      timeouts({});
    },
    connectionFailed: () => failures({}),
    observe: registerPoolGauges(registry),
  };
}

/** Reads the counts at each scrape, so that the pool has no work between scrapes. */
function registerPoolGauges(registry: Registry): PoolTelemetry['observe'] {
  const pools = new Set<() => PoolCounts>();
  new Gauge({
    name: GAUGES.poolConnections.name,
    help: GAUGES.poolConnections.help,
    labelNames: ['state'],
    registers: [registry],
    collect() {
      const all = [...pools].map((counts) => counts());
      for (const state of POOL_STATES) {
        this.set(
          { state },
          all.reduce((sum, counts) => sum + counts[state], 0),
        );
      }
    },
  });
  new Gauge({
    name: GAUGES.poolMaxConnections.name,
    help: GAUGES.poolMaxConnections.help,
    registers: [registry],
    collect() {
      this.set([...pools].reduce((sum, counts) => sum + counts().max, 0));
    },
  });
  return (counts) => {
    pools.add(counts);
    return () => void pools.delete(counts);
  };
}
