import { Gauge, type Registry } from 'prom-client';

type Named = { readonly name: string; readonly help: string };

/** A gauge that is absent while its number is not known: 0 would say something else. */
export function knownGauge(registry: Registry, { name, help }: Named): (value: number | undefined) => void {
  // With no label names the library begins at 0, and `remove` takes that back.
  const gauge = new Gauge({ name, help, registers: [registry] });
  gauge.remove();
  return (value) => {
    if (value === undefined) gauge.remove();
    else gauge.set(value);
  };
}
