import { markdownTable as alignedTable } from '@phaselock/monitoring';
import type { Table } from './rows-of-result.ts';

export const markdownTable = ({ headings, rows }: Table): string[] => alignedTable(headings, rows).split('\n');

/** Formats a table for a terminal. */
export function plainTable({ headings, rows }: Table): string[] {
  const widths = headings.map((heading, at) => Math.max(heading.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]) =>
    widths
      .map((width, at) => (cells[at] ?? '').padEnd(width))
      .join('  ')
      .trimEnd();
  return [line(headings), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)];
}
