import { PhaselockError } from '@phaselock/core';
import { parseStrictJson } from './strict-json.ts';

type Lines = { readonly items: readonly unknown[]; readonly repaired: number };

/**
 * Parses one JSON value per line and skips empty lines. With `replace`, a line with characters that cannot be stored is
 * repaired and counted.
 */
export function parseNdjson(
  text: string,
  { maxLines, text: unstorable }: { readonly maxLines: number; readonly text: 'refuse' | 'replace' },
): Lines {
  const items: unknown[] = [];
  const repaired = new Set<number>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    if (items.length === maxLines) {
      throw new PhaselockError('invalid_request', { detail: `at most ${maxLines} lines at once` });
    }
    const number = index + 1;
    try {
      items.push(parseStrictJson(line, { text: unstorable, replaced: () => repaired.add(number) }));
    } catch (error) {
      if (!(error instanceof PhaselockError)) throw error;
      throw new PhaselockError(error.code, { detail: `line ${number}: ${error.detail?.replace(/^body: /, '') ?? ''}` });
    }
  }
  return { items, repaired: repaired.size };
}
