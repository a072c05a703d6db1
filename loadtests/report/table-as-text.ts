import type { Table } from './rows-of-result.ts';

/** Columns of one width, as the formatter of documents would have them. */
export function markdownTable({ headings, rows }: Table): string[] {
  const safe = (cell: string | undefined) => (cell ?? '').replaceAll('|', '\\|');
  const widths = headings.map((heading, at) =>
    Math.max(3, safe(heading).length, ...rows.map((row) => safe(row[at]).length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, at) => safe(cells[at]).padEnd(width)).join(' | ')} |`;
  return [line(headings), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)];
}

/** For a terminal. */
export function plainTable({ headings, rows }: Table): string[] {
  const widths = headings.map((heading, at) => Math.max(heading.length, ...rows.map((row) => (row[at] ?? '').length)));
  const line = (cells: readonly string[]) =>
    widths
      .map((width, at) => (cells[at] ?? '').padEnd(width))
      .join('  ')
      .trimEnd();
  return [line(headings), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)];
}
