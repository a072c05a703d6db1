/** A guard, or any other object that exposes metrics. */
export type Scraped = { readonly telemetry: { exposition(): Promise<string> } };

/**
 * By how much each series changed while the work ran, for metrics whose names begin with one of the given names.
 * Unchanged series are left out. Of a histogram only the number of observations counts.
 */
export async function metricChanges(
  guard: Scraped,
  names: readonly string[],
  work: () => Promise<unknown>,
): Promise<Readonly<Record<string, number>>> {
  const before = await valuesOf(guard);
  await work();
  const after = await valuesOf(guard);
  const changes = [...after].flatMap(([series, value]) => {
    const change = value - (before.get(series) ?? 0);
    return change !== 0 && names.some((name) => series.startsWith(`phaselock_${name}`)) ? [[series, change]] : [];
  });
  return Object.fromEntries(changes);
}

async function valuesOf({ telemetry }: Scraped): Promise<Map<string, number>> {
  const values = new Map<string, number>();
  for (const line of (await telemetry.exposition()).split('\n')) {
    const [, series, name, value] = /^(([a-z_]+)(?:\{[^}]*\})?) (\S+)$/.exec(line) ?? [];
    if (series !== undefined && name !== undefined && !/_(bucket|sum)$/.test(name)) values.set(series, Number(value));
  }
  return values;
}
