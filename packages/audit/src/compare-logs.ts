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
 * releases). Lines of other systems are text with the same message, followed by `name=value` pairs.
 */
export function readLoggedChange(line: string): LoggedChange | undefined {
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
  for await (const line of lines) {
    const change = readLoggedChange(line);
    if (change === undefined) continue;
    if (change.processId === null)
      byAttempt.set(change.attemptId, [...(byAttempt.get(change.attemptId) ?? []), change]);
    else byProcess.set(plainId(change.processId), change);
  }
  for await (const row of source.changes()) {
    if (byProcess.delete(plainId(row.id ?? ''))) continue;
    // The turn was purged and its event does not record whether the model changed, so a missing line is no finding.
    if (row.optional === 'yes') continue;
    if (byAttempt.get(plainId(row.attempt_id ?? ''))?.shift() !== undefined) continue;
    yield finding('SV108', row, {
      kind: 'process',
      id: row.id ?? null,
      message: 'its model changed, but the log has no line for it',
    });
  }
  for (const change of [...byProcess.values(), ...[...byAttempt.values()].flat()]) {
    const row: Row = { attempt_id: change.attemptId };
    const models = `${change.previous ?? 'default'} → ${change.current ?? 'default'}`;
    yield finding('SV108', row, {
      kind: change.processId === null ? 'task' : 'process',
      id: change.processId ?? change.attemptId,
      message: `the log has a model change (${models}) that the history does not have`,
    });
  }
}
