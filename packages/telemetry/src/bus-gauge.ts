import { Gauge, type Registry } from 'prom-client';
import { KNOWN_GAUGES } from './gauge-catalogue.ts';
import type { InvalidationBusName } from './label-values.ts';
import type { CacheTelemetry } from './telemetry.ts';

/** The health is read at each scrape, because a bus without messages becomes unhealthy with time, without an event. */
export function registerBusGauge(registry: Registry): CacheTelemetry['observe'] {
  const watched = new Set<{ readonly bus: InvalidationBusName; readonly healthy: () => boolean }>();
  const { name, help } = KNOWN_GAUGES.busHealthy;
  new Gauge({
    name,
    help,
    labelNames: ['bus'],
    registers: [registry],
    collect() {
      this.reset();
      for (const { bus } of watched) {
        const all = [...watched].filter((other) => other.bus === bus);
        this.set({ bus }, Number(all.every(({ healthy }) => healthy())));
      }
    },
  });
  return (bus, healthy) => {
    const watch = { bus, healthy };
    watched.add(watch);
    return () => void watched.delete(watch);
  };
}
