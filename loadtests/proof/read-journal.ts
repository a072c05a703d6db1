import { join } from 'node:path';
import type { Call, RunBegan } from '../journal/journal-line.ts';
import { type BadLine, readLines } from './read-lines.ts';

export const JOURNAL_FILE = 'journal.ndjson';

type JournalEntry =
  | { readonly is: 'began'; readonly began: RunBegan }
  | { readonly is: 'call'; readonly call: Call; readonly text: string };

export type Journal = {
  readonly entries: AsyncGenerator<JournalEntry>;
  /** After reading: lines that are not JSON or not a journal line. */
  readonly bad: () => readonly BadLine[];
  readonly torn: () => boolean;
};

const MOST = 25;

/** Reads the journal that k6 wrote, line by line. */
export function readJournal(folder: string): Journal {
  const lines = readLines(join(folder, JOURNAL_FILE));
  const strange: BadLine[] = [];
  const entries = async function* (): AsyncGenerator<JournalEntry> {
    for await (const { entry, text, line } of lines.entries) {
      if (isCall(entry)) yield { is: 'call', call: entry, text };
      else if (isBegan(entry)) yield { is: 'began', began: entry };
      else if (strange.length < MOST) strange.push({ line, text: text.slice(0, 120) });
    }
  };
  return { entries: entries(), bad: () => [...lines.bad, ...strange], torn: lines.torn };
}

const OUTCOMES: ReadonlySet<unknown> = new Set(['ok', 'refused', 'unknown']);
const ARMS: ReadonlySet<unknown> = new Set(['closed', 'open']);

/** Checked by hand, because a schema library is too slow for a million lines. */
const isCall = (value: unknown): value is Call =>
  typeof value === 'object' &&
  value !== null &&
  'is' in value &&
  value.is === 'operation' &&
  'n' in value &&
  typeof value.n === 'number' &&
  'at' in value &&
  typeof value.at === 'number' &&
  'until' in value &&
  typeof value.until === 'number' &&
  value.until >= value.at &&
  'kind' in value &&
  typeof value.kind === 'string' &&
  'name' in value &&
  typeof value.name === 'string' &&
  'arm' in value &&
  ARMS.has(value.arm) &&
  'outcome' in value &&
  OUTCOMES.has(value.outcome) &&
  'asked' in value &&
  typeof value.asked === 'object' &&
  value.asked !== null;

const isBegan = (value: unknown): value is RunBegan =>
  typeof value === 'object' &&
  value !== null &&
  'is' in value &&
  value.is === 'began' &&
  'wallMs' in value &&
  typeof value.wallMs === 'number' &&
  'at' in value &&
  typeof value.at === 'number';
