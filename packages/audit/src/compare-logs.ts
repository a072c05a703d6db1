import { stripVTControlCharacters } from 'node:util';
import { NOTICES } from '@phaselock/core';
import { finding, type Row } from './check.ts';
import type { Finding } from './finding.ts';
import type { Source } from './source.ts';

export type LoggedChange = {
  readonly attemptId: string;
  readonly processId: string | null;
  readonly previous: string | null;
  readonly current: string | null;
};

const plainId = (id: string): string => id.toLowerCase().replaceAll('-', '');

/**
 * Reads a model change from a log line. Lines of phaselock are JSON with `phaselock.process_id` (`process_id` in older
 * releases). Lines of other systems are text with the same message, followed by `name=value` pairs. A line may have
 * colour codes, also between a name and its value.
 */
export function readLoggedChange(raw: string): LoggedChange | undefined {
  const line = raw.includes('\u001b') ? stripVTControlCharacters(raw) : raw;
  if (!line.includes(NOTICES.model_changed_log)) return undefined;
  const fields = jsonFields(line) ?? textFields(line);
  const attemptId = fields.get('task_attempt_id');
  if (attemptId === undefined || attemptId === null) return undefined;
  return {
    attemptId: plainId(attemptId),
    processId: fields.get('phaselock.process_id') ?? fields.get('process_id') ?? null,
    previous: fields.get('previous_variant') ?? null,
    current: fields.get('current_variant') ?? null,
  };
}

type Fields = ReadonlyMap<string, string | null>;

function jsonFields(line: string): Fields | undefined {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) return undefined;
    return new Map(Object.entries(parsed).map(([name, value]) => [name, typeof value === 'string' ? value : null]));
  } catch {
    return undefined;
  }
}

const FIELD = /\b(task_attempt_id|process_id|previous_variant|current_variant)\s*[=:]\s*(?:Some\()?"?([\w.:/-]+)/g;

const textFields = (line: string): Fields =>
  new Map(
    [...line.matchAll(FIELD)].map(([, name = '', value = '']) => [
      name,
      value === 'None' || value === 'null' ? null : value,
    ]),
  );

/** Yields SV108 for each model change without a log line, and for each log line without a model change. */
export async function* compareLogs(source: Source, lines: AsyncIterable<string>): AsyncGenerator<Finding> {
  const byProcess = new Map<string, LoggedChange>();
  const byAttempt = new Map<string, LoggedChange[]>();
  const optional = new Map<string, number>();
  for await (const line of lines) {
    const change = readLoggedChange(line);
    if (change === undefined) continue;
    if (change.processId === null)
      byAttempt.set(change.attemptId, [...(byAttempt.get(change.attemptId) ?? []), change]);
    else byProcess.set(plainId(change.processId), change);
  }
  for await (const row of source.changes()) {
    if (byProcess.delete(plainId(row.id ?? ''))) continue;
    const attempt = plainId(row.attempt_id ?? '');
    // Whether the model changed is unknown, so neither a line nor a missing one is a finding.
    if (row.optional === 'yes') {
      optional.set(attempt, (optional.get(attempt) ?? 0) + 1);
      continue;
    }
    if (byAttempt.get(attempt)?.shift() !== undefined) continue;
    yield finding('SV108', row, {
      kind: 'process',
      id: row.id ?? null,
      message: 'its model changed, but the log has no line for it',
    });
  }
  const unmatched = [...byAttempt].flatMap(([attempt, left]) => left.slice(optional.get(attempt) ?? 0));
  for (const change of [...byProcess.values(), ...unmatched]) {
    const row: Row = { attempt_id: change.attemptId };
    const models = `${change.previous ?? 'default'} → ${change.current ?? 'default'}`;
    yield finding('SV108', row, {
      kind: change.processId === null ? 'task' : 'process',
      id: change.processId ?? change.attemptId,
      message: `the log has a model change (${models}) that the history does not have`,
    });
  }
}
