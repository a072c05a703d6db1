/** A fenced code block. Its note is the text after the language, such as `empty-when-healthy` or `exit-1`. */
export type Block = {
  readonly language: string;
  readonly note: string;
  readonly code: string;
  /** The offset in the text at which the code begins, and its line, counted from 1. */
  readonly from: number;
  readonly line: number;
};

const FENCED = /^```(\w+)?[ \t]*(.*)\n([\s\S]*?)^```$/gm;

export const blocksIn = (text: string): Block[] =>
  [...text.matchAll(FENCED)].map(({ 0: whole, 1: language = '', 2: note = '', 3: code = '', index }) => {
    const from = index + whole.indexOf('\n') + 1;
    return { language, note: note.trim(), code, from, line: lineAt(text, from) };
  });

/** The line of an offset, counted from 1. */
export const lineAt = (text: string, at: number): number => text.slice(0, at).split('\n').length;
