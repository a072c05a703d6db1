import { isMap, isPair, isScalar, parseDocument, visit, type YAMLMap } from 'yaml';
import type { Query } from './query.ts';

/** The counters and histograms of the gates, as selectors with their labels. */
export function queriesInStages(file: string, text: string): Query[] {
  const found: Query[] = [];
  const document = parseDocument(text);
  visit(document, {
    Map: (_, map, path) => {
      const metric = map.get('metric');
      if (typeof metric !== 'string' || !map.range) return;
      const [from, to] = map.range;
      const parent = path.at(-1);
      const histogram = isPair(parent) && isScalar(parent.key) && parent.key.value === 'histogram';
      const promql = `${metric}${histogram ? '_bucket' : ''}${matchersOf(map)}`;
      found.push({ file, text, from, to, promql, shows: [] });
    },
  });
  return [...found, ...cohortsOf(document.toJS(), file, text)];
}

/** A gate that compares cohorts needs the label of the cohorts, with their values, on every metric it counts. */
function cohortsOf(stages: unknown, file: string, text: string): Query[] {
  return Object.values<unknown>(Object(stages).flags ?? {}).flatMap((flag) => {
    const { label, treatment = [], control = [] } = Object(Object(flag).cohorts);
    const gates = Object.values<unknown>(Object(stages).gates).filter((gate) => Object(gate).by === label);
    return gates.flatMap((gate) => {
      const { bad = [], total = [], histogram } = Object(gate);
      const metrics: unknown[] = [...bad, ...total].map(({ metric }) => metric);
      if (histogram) metrics.push(`${histogram.metric}_bucket`);
      return [...new Set(metrics)].map((metric): Query => {
        const from = Math.max(0, text.indexOf(`label: ${label}`));
        const promql = `${metric}{${label}=~"${[...treatment, ...control].join('|')}"}`;
        return { file, text, from, to: from, promql, shows: [] };
      });
    });
  });
}

function matchersOf(map: YAMLMap): string {
  const labels = map.get('labels');
  if (!isMap(labels)) return '';
  const matchers = Object.entries<unknown>(labels.toJSON()).map(
    ([label, values]) => `${label}=~"${[values].flat().join('|')}"`,
  );
  return `{${matchers.join(',')}}`;
}
