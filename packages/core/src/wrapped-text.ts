import { visibleText } from './visible-text.ts';

const WIDTH = 80;

/** Escapes untrusted text and wraps it at spaces for a terminal. A word that is longer than a line is not broken. */
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
