import { Gauge, type Registry } from 'prom-client';
import { FLAG_GAUGES } from './gauge-catalogue.ts';
import type { FlagCounts, FlagTelemetry } from './telemetry.ts';

const MS = 1_000;

/** Read at each scrape. There are no series before the flags were read, because 0 would mean that a flag is off. */
export function registerFlagGauges(registry: Registry): FlagTelemetry['observe'] {
  const watches = new Set<() => FlagCounts>();
  const eachFlag = (
    { name, help }: { readonly name: string; readonly help: string },
    value: (flag: FlagCounts['states'][number]) => number,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames: ['flag'],
      registers: [registry],
      collect() {
        this.reset();
        for (const watch of watches) for (const flag of watch().states) this.set({ flag: flag.name }, value(flag));
      },
    });
  };
  eachFlag(FLAG_GAUGES.flagEnabled, ({ enabled }) => Number(enabled));
  eachFlag(FLAG_GAUGES.rolloutPercent, ({ percent }) => percent);
  eachFlag(FLAG_GAUGES.flagVersion, ({ version }) => version);
  new Gauge({
    name: FLAG_GAUGES.flagReadAge.name,
    help: FLAG_GAUGES.flagReadAge.help,
    labelNames: [],
    registers: [registry],
    collect() {
      const ages = [...watches].map((watch) => watch().ageMs).filter((age) => age !== undefined);
      this.remove({});
      if (ages.length > 0) this.set(Math.max(...ages) / MS);
    },
  });
  return (watch) => {
    watches.add(watch);
    return () => void watches.delete(watch);
  };
}
