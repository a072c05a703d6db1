import { stripVTControlCharacters } from 'node:util';
import { field, parseJson, textOf } from './read-json.ts';
import type { SqliteFile } from './sqlite-file.ts';
import { idText } from './vibe-id.ts';

/** The conversation of a process as its own logs show it. */
export type VibeHeard = {
  /** The last id that the agent reported. vibe-kanban erases the stored one when the agent no longer knows it. */
  readonly told: string | null;
  /** Whether the agent answered that it does not know the conversation that it was to resume. */
  readonly refused: boolean;
};

/** The tables of logs: one with JSON lines, and one with a row for each message. */
const LINES = { table: 'execution_process_logs', columns: ['logs'], text: 'logs' } as const;
const ENTRIES = { table: 'log_entries', columns: ['output_type', 'content'], text: 'content' } as const;
/** The versions name the column of the process differently. */
const PROCESS_COLUMNS = ['execution_id', 'execution_process_id'] as const;

/** How agents call a conversation, and what they say of one that they do not know, within so many characters. */
const CONVERSATION = /conversation|session|thread/gi;
const IS_UNKNOWN = /not found|invalid|unknown|expired|does not exist|no longer exists/i;
const NEAR = 96;
const UNKNOWN_CONVERSATION =
  /no (?:conversation|session|thread|rollout) (?:was )?found|(?:invalid|unknown|expired) (?:conversation|session|thread)/i;

/** Whether a line is that of an agent that does not know a conversation. */
const saysUnknown = (line: string): boolean =>
  UNKNOWN_CONVERSATION.test(line) ||
  [...line.matchAll(CONVERSATION)].some(({ index, 0: word }) =>
    IS_UNKNOWN.test(line.slice(index + word.length, index + word.length + NEAR)),
  );

/**
 * Reads the logs of the processes whose row leaves their conversation open: those that did not complete, those without
 * a stored id, and those whose log has the message of Claude Code. `passed` maps a process to the id it was to resume;
 * `isOpen` is an SQL condition on `execution_processes p`.
 */
export function readVibeLogs(
  file: SqliteFile,
  passed: ReadonlyMap<string, string | null>,
  isOpen: string,
): ReadonlyMap<string, VibeHeard> {
  const heard = new Map<string, VibeHeard>();
  for (const { process, said } of messages(file, isOpen)) {
    const before = heard.get(process) ?? { told: null, refused: false };
    const id = passed.get(process) ?? null;
    heard.set(process, {
      told: (said.kind === 'session-id' ? said.text : idAtStart(said.text)) ?? before.told,
      refused: before.refused || (said.kind === 'output' && id !== null && refuses(said.text, id)),
    });
  }
  return heard;
}

/** Whether the database stores the logs of processes. The newest versions keep them in files. */
export const hasVibeLogs = (file: SqliteFile): boolean =>
  processColumn(file, LINES) !== undefined || processColumn(file, ENTRIES) !== undefined;

type Said = { readonly kind: 'session-id' | 'output'; readonly text: string };

function* messages(file: SqliteFile, isOpen: string): Generator<{ readonly process: string; readonly said: Said }> {
  const from = ({ table, text }: typeof LINES | typeof ENTRIES, column: string): string => `
    select ${idText(`l.${column}`)} as process, l.* from ${table} l
    where l.${column} in (select p.id from execution_processes p where p.run_reason = 'codingagent' and (${isOpen}))
       or l.${text} like '%No conversation found%'
    order by l.rowid`;
  const lines = processColumn(file, LINES);
  if (lines !== undefined) {
    for (const row of file.rows(from(LINES, lines))) {
      for (const line of (textOf(row.logs) ?? '').split('\n')) {
        const said = saidIn(parseJson(line));
        if (said !== undefined) yield { process: String(row.process), said };
      }
    }
  }
  const entries = processColumn(file, ENTRIES);
  if (entries !== undefined) {
    for (const row of file.rows(from(ENTRIES, entries))) {
      const text = textOf(row.content) ?? '';
      const said = saidIn({ [String(row.output_type)]: text });
      if (said !== undefined) yield { process: String(row.process), said };
    }
  }
}

/** The process column of a table of logs; undefined if this version does not have the table. */
const processColumn = (file: SqliteFile, { table, columns }: typeof LINES | typeof ENTRIES): string | undefined =>
  PROCESS_COLUMNS.find((column) => file.has(table, column, ...columns));

/** Reads one message, such as `{"Stderr":"…"}` or `{"SessionId":"…"}`. Other messages say nothing here. */
function saidIn(message: unknown): Said | undefined {
  const id = textOf(field(message, 'SessionId')) ?? textOf(field(message, 'session_id'));
  if (id !== null) return { kind: 'session-id', text: id };
  for (const name of ['Stderr', 'stderr', 'Stdout', 'stdout']) {
    const text = textOf(field(message, name));
    if (text !== null) return { kind: 'output', text };
  }
  return undefined;
}

/** Finds the id in the first message of Claude Code, `{"type":"system","subtype":"init","session_id":"…"}`. */
function idAtStart(output: string): string | null {
  const first = output.split('\n').find((line) => line.includes('"init"') && line.trimStart().startsWith('{'));
  const message = first === undefined ? undefined : parseJson(first);
  return field(message, 'subtype') === 'init' ? textOf(field(message, 'session_id')) : null;
}

/**
 * Whether an output says that the agent does not know the conversation. Messages of the agent and of the user do not
 * count, because they may quote such a text: of the JSON lines only a failed result is read.
 */
function refuses(output: string, id: string): boolean {
  return stripVTControlCharacters(output)
    .split('\n')
    .some((line) => {
      if (!line.includes(id) || !saysUnknown(line)) return false;
      if (!line.trimStart().startsWith('{')) return true;
      const result = parseJson(line);
      return field(result, 'type') === 'result' && field(result, 'is_error') === true;
    });
}
