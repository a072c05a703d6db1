import type { Selector } from '../stages/stages.ts';

/** A PromQL selector. Its values come from a file or from the name of a flag, so all are escaped. */
export function selectorText({ metric, labels, not }: Selector, also: Selector['labels'] = {}): string {
  const matchers = [
    ...Object.entries({ ...labels, ...also }).map(([label, values]) => matcher(label, values, '=', '=~')),
    ...Object.entries(not).map(([label, values]) => matcher(label, values, '!=', '!~')),
  ];
  return matchers.length === 0 ? metric : `${metric}{${matchers.join(',')}}`;
}

function matcher(label: string, values: readonly string[], equal: string, like: string): string {
  const [only] = values;
  if (values.length === 1 && only !== undefined) return `${label}${equal}${quoted(only)}`;
  return `${label}${like}${quoted(values.map(literally).join('|'))}`;
}

const quoted = (text: string): string =>
  `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;

/** Escapes a text for RE2. "-" needs no escape outside of brackets, and not all versions allow one. */
const literally = (text: string): string => text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&');
