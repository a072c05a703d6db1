import type { Matchers, SeriesName } from './metrics.ts';

type Selecting<Name extends SeriesName> = {
  /** Values that the labels must not have. */
  readonly not?: Matchers<Name>;
  /** Matchers that are copied unchanged, for variables of a dashboard: `job=~"$job"`. */
  readonly raw?: readonly string[];
};

/**
 * Returns a PromQL selector. The types of its metric, labels and values come from the metric catalogue, so a selector
 * of a renamed metric does not compile.
 */
export function series<Name extends SeriesName>(
  name: Name,
  matching: Matchers<Name> = {},
  { not, raw = [] }: Selecting<Name> = {},
): string {
  const matchers = [
    ...Object.entries(matching).map(([label, value]) => matcher(label, valuesOf(value), '=', '=~')),
    ...Object.entries(not ?? {}).map(([label, value]) => matcher(label, valuesOf(value), '!=', '!~')),
    ...raw,
  ];
  return matchers.length === 0 ? name : `${name}{${matchers.join(',')}}`;
}

function matcher(label: string, values: readonly string[], equal: string, like: string): string {
  const [only = ''] = values;
  if (values.length === 1) return `${label}${equal}${quoted(only)}`;
  return `${label}${like}${quoted(values.map(literally).join('|'))}`;
}

const valuesOf = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : [String(value)]);
const quoted = (text: string): string => `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
const literally = (text: string): string => text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&');
