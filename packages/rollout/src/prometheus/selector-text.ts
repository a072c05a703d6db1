import type { Selector } from '../stages/stages.ts';

/** A selector of PromQL. Values come from a file or a flag's name, so every one of them is escaped. */
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

/** In the syntax of RE2; "-" needs no escape outside of brackets and must not have one in all versions. */
const literally = (text: string): string => text.replaceAll(/[\\.+*?()|[\]{}^$]/g, '\\$&');
