import { createWriteStream, type WriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import type { Call, RunBegan } from '../journal/journal-line.ts';
import { JOURNAL_FILE, readJournal } from './read-journal.ts';
import type { BadLine } from './read-lines.ts';

export type SplitJournal = {
  readonly began: RunBegan | undefined;
  readonly calls: number;
  readonly bad: readonly BadLine[];
  readonly torn: boolean;
  /** Numbers of calls that name a session but no slot. They cannot be compared with the other calls of the slot. */
  readonly slotless: readonly number[];
  readonly parts: readonly Part[];
};

/**
 * All calls of some tasks, in the order of the journal. No rule concerns two tasks at once, so each part can be judged
 * alone.
 */
export type Part = { readonly file: string; readonly tasks: readonly string[] };

const PART_BYTES = 48 * 1024 * 1024;
const MOST_SLOTLESS = 25;

export type SplitOptions = {
  readonly folder: string;
  /** The folder for the parts. */
  readonly into: string;
  readonly partBytes?: number;
  readonly eachCall: (call: Call) => void;
};

/** Splits the journal into parts in one pass, so that later only one part at a time is in memory. */
export async function splitJournal({
  folder,
  into,
  partBytes = PART_BYTES,
  eachCall,
}: SplitOptions): Promise<SplitJournal> {
  await mkdir(into, { recursive: true });
  const size = await stat(join(folder, JOURNAL_FILE)).then(
    ({ size: bytes }) => bytes,
    () => 0,
  );
  const count = Math.max(1, Math.ceil(size / partBytes));
  const files = Array.from({ length: count }, (_, at) => createWriteStream(join(into, `part-${at}.ndjson`)));
  const tasks = files.map(() => new Set<string>());
  const slotless: number[] = [];
  const journal = readJournal(folder);
  let began: RunBegan | undefined;
  let calls = 0;
  for await (const entry of journal.entries) {
    if (entry.is === 'began') {
      began ??= entry.began;
      continue;
    }
    const { call, text } = entry;
    calls += 1;
    eachCall(call);
    const task = taskOf(call);
    if (task === undefined) {
      if (call.session !== undefined && call.kind !== 'look' && slotless.length < MOST_SLOTLESS) slotless.push(call.n);
      continue;
    }
    const at = partOf(task, count);
    tasks[at]?.add(task);
    const file = files[at];
    if (file !== undefined && !file.write(`${text}\n`)) await drained(file);
  }
  for (const file of files) file.end();
  await Promise.all(files.map((file) => finished(file)));
  const parts = tasks.map((names, at) => ({ file: join(into, `part-${at}.ndjson`), tasks: [...names] }));
  return { began, calls, bad: journal.bad(), torn: journal.torn(), slotless, parts };
}

/** The task of a call's slot; undefined for calls without a slot and for reads that no checker compares. */
const taskOf = ({ slot, kind }: Call): string | undefined =>
  kind === 'look' || slot === undefined ? undefined : slot.slice(0, slot.indexOf('/'));

const drained = (file: WriteStream): Promise<void> => new Promise((done) => file.once('drain', () => done()));

/** FNV-1a hash: spreads tasks evenly, and keeps each task in one part. */
function partOf(task: string, count: number): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < task.length; at += 1) hash = Math.imul(hash ^ task.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % count;
}
