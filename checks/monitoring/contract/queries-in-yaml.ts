import { isMap, isScalar, parseDocument, visit, type YAMLMap } from 'yaml';
import { type Query, withoutVariables } from './query.ts';

/** Expressions of rules and of dashboards, whose JSON the YAML parser reads as well. */
export function queriesInYaml(file: string, text: string): Query[] {
  const found: Query[] = [];
  visit(parseDocument(text), {
    Map: (_, map) => {
      const expression = scalarAt(map, 'expr');
      if (expression !== undefined) found.push(queryOf(file, text, expression, map));
      const asked = scalarAt(map, 'query') ?? scalarAt(map, 'definition');
      const promql = asked === undefined ? undefined : promqlOfVariable(asked.value);
      if (asked !== undefined && promql !== undefined)
        found.push({ file, text, promql, from: asked.from, to: asked.to, shows: [] });
    },
  });
  return found;
}

type Found = { readonly value: string; readonly from: number; readonly to: number };

function queryOf(file: string, text: string, { value, from, to }: Found, map: YAMLMap): Query {
  const [records, alerts] = [scalarAt(map, 'record')?.value, scalarAt(map, 'alert')?.value];
  const adds = textsAt(map, 'labels');
  return {
    ...{ file, text, from, to, promql: withoutVariables(value), adds },
    ...(records !== undefined && { records }),
    ...(alerts !== undefined && { alerts }),
    shows: shownLabels(map, text, Object.keys(adds)),
  };
}

/** Labels in `{{ $labels.instance }}` of an alert and `{{instance}}` of a legend, except those that the rule adds. */
function shownLabels(map: YAMLMap, text: string, added: readonly string[]): Query['shows'] {
  const annotations = map.get('annotations');
  const ranges = [isMap(annotations) ? annotations.range : undefined, rangeAt(map, 'legendFormat')];
  return ranges.flatMap((range) => {
    if (range === undefined || range === null) return [];
    const [from, to] = range;
    return [...text.slice(from, to).matchAll(/\{\{[^}]*?(?:\$labels\.)?(\w+)[^}]*?\}\}/g)].flatMap((shown) => {
      const words = [...shown[0].matchAll(/\$labels\.(\w+)/g)].map(([, label = '']) => label);
      const labels = range === rangeAt(map, 'legendFormat') ? [shown[1] ?? ''] : words;
      return labels
        .filter((label) => label !== '' && !added.includes(label))
        .map((label) => ({ label, from: from + shown.index }));
    });
  });
}

/** A query for the series that a Grafana function such as `label_values(metric, label)` reads. */
function promqlOfVariable(written: string): string | undefined {
  const [, series, label] = /^label_values\((?:(.+),\s*)?(\w+)\)$/s.exec(written.trim()) ?? [];
  if (label !== undefined)
    return series === undefined ? undefined : withoutVariables(`count by (${label}) (${series})`);
  const [, query] = /^query_result\((.*)\)$/s.exec(written.trim()) ?? [];
  return query === undefined ? undefined : withoutVariables(query);
}

function scalarAt(map: YAMLMap, key: string): Found | undefined {
  const node = map.get(key, true);
  if (!isScalar(node) || typeof node.value !== 'string' || !node.range) return undefined;
  const [from, to] = node.range;
  return { value: node.value, from, to };
}

function rangeAt(map: YAMLMap, key: string): YAMLMap['range'] {
  const node = map.get(key, true);
  return isScalar(node) ? node.range : undefined;
}

function textsAt(map: YAMLMap, key: string): Record<string, string> {
  const inner = map.get(key);
  if (!isMap(inner)) return {};
  return Object.fromEntries(Object.entries(inner.toJSON()).map(([name, value]) => [name, String(value)]));
}
