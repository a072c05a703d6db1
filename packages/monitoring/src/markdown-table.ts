/** A table with its columns aligned, as the formatter of the repository leaves it. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // An unescaped pipe would begin another column.
  const safe = (cell = ''): string => cell.replaceAll('|', '\\|');
  const widths = head.map((cell, at) => Math.max(3, safe(cell).length, ...rows.map((row) => safe(row[at]).length)));
  const line = (cells: readonly string[], fill = ' '): string =>
    `| ${widths.map((width, at) => safe(cells[at]).padEnd(width, fill)).join(' | ')} |`;
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rows.map((row) => line(row)),
  ].join('\n');
}
