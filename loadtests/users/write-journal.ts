import type { JournalLine } from '../journal/journal-line.ts';

/** k6 writes each console line to the file of `--console-output`. */
export const writeJournal = (line: JournalLine): void => console.log(JSON.stringify(line));
