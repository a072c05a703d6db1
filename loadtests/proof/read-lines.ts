import { createReadStream, existsSync } from 'node:fs';

export type BadLine = { readonly line: number; readonly text: string };

type ReadLine = { readonly entry: unknown; readonly text: string; readonly line: number };

export type Lines = {
  /** Each line that could be read, with its number and its text as they stand in the file. */
  readonly entries: AsyncGenerator<ReadLine>;
  /** After reading: lines before the last that are no JSON. */
  readonly bad: readonly BadLine[];
  /** After reading: whether the file ended within a line, as it does after a kill. */
  readonly torn: () => boolean;
};

const SHOWN = 120;
const MOST = 25;

/** A file of one JSON value a line, read as a stream. A file that is not there has no lines. */
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
    // Without its line end the last line may be a part of one.
    try {
      yield { entry: JSON.parse(rest), text: rest, line: number + 1 };
    } catch {
      torn = true;
    }
  };
  return { entries: entries(), bad, torn: () => torn };
}
