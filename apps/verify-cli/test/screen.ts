// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal acts on them
const PARTS = /\r|\n|\u001b\[K|[^\r\n\u001b]+|\u001b/g;

/** The lines that a terminal shows after it printed the text. Of its commands, it knows CR and `erase to end of line`. */
export function screenOf(text: string): string[] {
  const lines = [''];
  let column = 0;
  for (const part of text.match(PARTS) ?? []) {
    const row = lines.length - 1;
    const line = lines[row] ?? '';
    if (part === '\r') column = 0;
    else if (part === '\n') {
      lines.push('');
      column = 0;
    } else if (part === '\u001b[K') lines[row] = line.slice(0, column);
    else {
      lines[row] = line.slice(0, column).padEnd(column) + part + line.slice(column + part.length);
      column += part.length;
    }
  }
  return lines;
}
