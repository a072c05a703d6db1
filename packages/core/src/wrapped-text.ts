import { visibleText } from './visible-text.ts';

const WIDTH = 80;

/** A text of somebody else in lines of a terminal, broken at spaces where there are any; an id is longer than that is wide. */
export function wrapped(text: string, indent: string, atMost = WIDTH): string[] {
  const width = atMost - indent.length;
  const lines: string[] = [];
  let line = '';
  for (const word of visibleText(text).split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(indent + line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, indent + line];
}
