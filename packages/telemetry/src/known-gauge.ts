import { Gauge, type Registry } from 'prom-client';

type Named = { readonly name: string; readonly help: string };

/** A gauge that is absent while its value is unknown, because 0 would be a wrong value. */
export function knownGauge(registry: Registry, { name, help }: Named): (value: number | undefined) => void {
  // Without labels, the library creates the series at 0; `remove` deletes it.
  const gauge = new Gauge({ name, help, registers: [registry] });
  gauge.remove();
  return (value) => {
    if (value === undefined) gauge.remove();
    else gauge.set(value);
  };
}
