import { Registry } from 'prom-client';
import type { ExemplarShelf } from './exemplars.ts';

/** The response to a scrape: its text and content type. */
export type Exposition = { readonly text: string; readonly contentType: string };

/** Whether the scraper accepts OpenMetrics, as Prometheus does by default. Only that format can contain exemplars. */
const wantsOpenMetrics = (accept: string | undefined): boolean =>
  /(?:^|[,\s])application\/openmetrics-text(?:[;,\s]|$)/i.test(accept ?? '');

/** Writes the metrics in the format the scraper accepts. Both formats have the same series, names and labels. */
export async function expose(
  registry: Registry,
  accept: string | undefined,
  exemplars?: ExemplarShelf,
): Promise<Exposition> {
  const text = await registry.metrics();
  if (!wantsOpenMetrics(accept)) return { text, contentType: registry.contentType };
  return { text: openMetrics(text, exemplars), contentType: Registry.OPENMETRICS_CONTENT_TYPE };
}

/**
 * Converts the Prometheus text format to OpenMetrics: removes empty lines and the `_total` in the HELP and TYPE lines
 * of counters, and adds exemplars and the end line. The library’s own OpenMetrics writer is not used: it renames the
 * counters in the registry, so `_total` would be missing in the Prometheus format as well.
 */
function openMetrics(text: string, exemplars: ExemplarShelf | undefined): string {
  const lines = text.split('\n').filter((line) => line !== '');
  const counters = new Set(
    lines.flatMap((line) => {
      const [, name] = /^# TYPE (\S+_total) counter$/.exec(line) ?? [];
      return name === undefined ? [] : [name];
    }),
  );
  const written = lines.map((line) => {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (kind !== undefined)
      return `# ${kind} ${counters.has(name) ? name.slice(0, -'_total'.length) : name} ${escapeQuotes(kind, rest)}`;
    return exemplars === undefined ? line : `${line}${exemplarOf(line, exemplars)}`;
  });
  return `${written.join('\n')}\n# EOF\n`;
}

const escapeQuotes = (kind: string, rest: string): string =>
  kind === 'HELP' ? rest.replaceAll('"', String.raw`\"`) : rest;

function exemplarOf(line: string, exemplars: ExemplarShelf): string {
  const [, name, le = '', labels] = /^(\w+)_bucket\{le="([^"]+)"(?:,([^}]*))?\} [1-9]/.exec(line) ?? [];
  if (name === undefined) return '';
  return exemplars.behind(labels === undefined ? name : `${name}{${labels}}`, le);
}
