import { Gauge, type Registry } from 'prom-client';
import { POOL_STATES } from './label-values.ts';
import { GAUGES } from './metric-catalogue.ts';
import type { PoolCounts, PoolTelemetry } from './telemetry.ts';

/** Counts are asked for at the scrape: between scrapes the pool is not bothered. */
export function registerPoolGauge(registry: Registry): PoolTelemetry['observe'] {
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
  return (counts) => {
    pools.add(counts);
    return () => void pools.delete(counts);
  };
}
