import { Registry } from 'prom-client';
import type { ExemplarShelf } from './exemplars.ts';

/** What a Prometheus server is sent, and as what. */
export type Exposition = { readonly text: string; readonly contentType: string };

/** Whether the scraper asks for OpenMetrics, as Prometheus does unless told otherwise; only that has room for exemplars. */
const wantsOpenMetrics = (accept: string | undefined): boolean =>
  /(?:^|[,\s])application\/openmetrics-text(?:[;,\s]|$)/i.test(accept ?? '');

/** In the form the scraper asks for: the same series with the same names and labels in both. */
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
 * A registry of the library serves one form for good: asked for OpenMetrics it takes the ending `_total` off its counters, and would leave it off in
 * the other form as well. So this is made from the other form: no empty lines, a counter's family without the ending, exemplars, an end.
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
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+)(.*)$/.exec(line) ?? [];
    if (kind !== undefined)
      return `# ${kind} ${counters.has(name) ? name.slice(0, -'_total'.length) : name}${escapeQuotes(kind, rest)}`;
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
