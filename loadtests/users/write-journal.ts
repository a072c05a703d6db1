import type { JournalLine } from '../journal/journal-line.ts';

/** k6 writes what is said on the console to the file of `--console-output`, a line each. */
export const writeJournal = (line: JournalLine): void => console.log(JSON.stringify(line));
