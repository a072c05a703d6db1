import { createReadStream, existsSync } from 'node:fs';

export type BadLine = { readonly line: number; readonly text: string };

type ReadLine = { readonly entry: unknown; readonly text: string; readonly line: number };

export type Lines = {
  /** Each parsed line, with its text and line number in the file. */
  readonly entries: AsyncGenerator<ReadLine>;
  /** After reading: lines before the last one that are not JSON. */
  readonly bad: readonly BadLine[];
  /** After reading: whether the file ended within a line, as it does after a kill. */
  readonly torn: () => boolean;
};

const SHOWN = 120;
const MOST = 25;

/** Reads a file with one JSON value per line as a stream. A missing file has no lines. */
export function readLines(path: string): Lines {
  const bad: BadLine[] = [];
  let torn = false;
  let number = 0;
  const parsed = (text: string): ReadLine | undefined => {
    number += 1;
    if (text === '') return undefined;
    try {
      return { entry: JSON.parse(text), text, line: number };
    } catch {
      if (bad.length < MOST) bad.push({ line: number, text: text.slice(0, SHOWN) });
      return undefined;
    }
  };
  const entries = async function* () {
    if (!existsSync(path)) return;
    let rest = '';
    for await (const chunk of createReadStream(path, { encoding: 'utf8', highWaterMark: 1 << 20 })) {
      const texts = `${rest}${chunk}`.split('\n');
      rest = texts.pop() ?? '';
      for (const text of texts) {
        const one = parsed(text);
        if (one !== undefined) yield one;
      }
    }
    if (rest === '') return;
    // A last line without a line end may be incomplete.
    try {
      yield { entry: JSON.parse(rest), text: rest, line: number + 1 };
    } catch {
      torn = true;
    }
  };
  return { entries: entries(), bad, torn: () => torn };
}
