import type { Scraped } from './metric-changes.ts';

/** The value of a metric as a Prometheus server would scrape it; 0 when it was never recorded. */
export async function readMetric(
  { telemetry }: Scraped,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<number> {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  let sum = 0;
  for (const line of (await telemetry.exposition()).split('\n')) {
    const [, found, given = '', value] = /^([a-z_]+)(\{[^}]*\})? (\S+)$/.exec(line) ?? [];
    if (found === name && wanted.every((label) => given.includes(label))) sum += Number(value);
  }
  return sum;
}
