/** A fenced code block: its language, and the note after the language. */
export type Block = {
  readonly language: string;
  readonly note: string;
  readonly code: string;
  /** Where the code begins in the text, and on which line. */
  readonly from: number;
  readonly line: number;
};

const FENCED = /^```(\w+)?[ \t]*(.*)\n([\s\S]*?)^```$/gm;

export const blocksIn = (text: string): Block[] =>
  [...text.matchAll(FENCED)].map(({ 0: whole, 1: language = '', 2: note = '', 3: code = '', index }) => {
    const from = index + whole.indexOf('\n') + 1;
    return { language, note: note.trim(), code, from, line: lineAt(text, from) };
  });

export const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length;
