import { visibleText } from '@phaselock/core';

export type Paint = (text: string, colour: 'red' | 'yellow' | 'green' | 'dim' | 'bold') => string;

const CODES = { red: 31, yellow: 33, green: 32, dim: 2, bold: 1 } as const;

export const painter = (colours: boolean): Paint =>
  colours ? (text, colour) => `\u001b[${CODES[colour]}m${text}\u001b[0m` : (text) => text;

/** Pads each column to its widest cell. `right` lists the columns that are aligned to the right. */
export function table(
  rows: readonly (readonly string[])[],
  { right = [] }: { readonly right?: readonly number[] } = {},
): string[] {
  const shown = rows.map((row) => row.map(visibleText));
  const widths = shown.reduce<number[]>((widest, row) => {
    for (const [index, cell] of row.entries()) widest[index] = Math.max(widest[index] ?? 0, cell.length);
    return widest;
  }, []);
  return shown.map((row) =>
    row
      .map((cell, index) =>
        right.includes(index) ? cell.padStart(widths[index] ?? 0) : cell.padEnd(widths[index] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
}
