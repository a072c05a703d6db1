import { RULES } from '../../src/rules.ts';
import type { Planted } from './planted.ts';
import { ROWS_AND_EVENTS } from './rows-and-events.ts';

export type { Planted } from './planted.ts';

/** Every planted corruption of the tests. Docs lists them. */
export const PLANTED: readonly Planted[] = [...ROWS_AND_EVENTS];

/** The planted corruptions as a Markdown table, by rule. */
export function plantedTable(planted: readonly Planted[]): string {
  const rows = planted.map(({ what, rules }) => {
    const links = rules.map((id) => `[${id}](rules/${id}.md)`).join(', ');
    return { first: rules[0], line: `| ${what} | ${links} | ${RULES[rules[0]].severity} |` };
  });
  const sorted = rows.toSorted((a, b) => a.first.localeCompare(b.first));
  return ['| corruption | rule | severity |', '| --- | --- | --- |', ...sorted.map(({ line }) => line)].join('\n');
}
