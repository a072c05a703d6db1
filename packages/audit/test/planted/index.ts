import { RULES } from '../../src/rules.ts';
import type { Planted } from './planted.ts';
import { REPAIRED } from './repaired.ts';
import { ROWS_AND_EVENTS } from './rows-and-events.ts';

/** Every planted corruption of the tests. Docs lists them. */
export const PLANTED: readonly Planted[] = [...ROWS_AND_EVENTS];

/** The planted corruptions as a Markdown table, by rule. */
export function plantedTable(planted: readonly Planted[]): string {
  const rows = planted
    .toSorted((one, other) => one.rules[0].localeCompare(other.rules[0]))
    .map(({ what, rules: [first, ...more], withChain }) => [
      what,
      [first, ...more].map((id) => `[${id}](rules/${id}.md)`).join(', ') + (withChain ? ' with --chain' : ''),
      RULES[first].severity,
      REPAIRED.has(what) ? 'yes' : 'none is safe',
    ]);
  const head = ['corruption', 'rule', 'severity', 'repair'];
  // Aligned, as the formatter would.
  const widths = head.map((name, at) =>
    Math.max(...[name, ...rows.map((row) => row[at] ?? '')].map(({ length }) => length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |`;
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n');
}
