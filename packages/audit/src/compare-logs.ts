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

/** A line of ours is JSON, once with `process_id` and now with `phaselock.process_id`; of other systems it is a text with the same words and `name=value` behind them. */
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

/** Each change of a model has its line, and there is no line where the model stayed. */
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
    // Of a turn that was purged before its change was kept elsewhere the log alone can tell.
    if (row.optional === 'yes') continue;
    if (byAttempt.get(plainId(row.attempt_id ?? ''))?.shift() !== undefined) continue;
    yield finding('SV108', row, {
      kind: 'process',
      id: row.id ?? null,
      message: 'its model changed, and the log has no line of it',
    });
  }
  for (const change of [...byProcess.values(), ...[...byAttempt.values()].flat()]) {
    const row: Row = { attempt_id: change.attemptId };
    const models = `${change.previous ?? 'default'} → ${change.current ?? 'default'}`;
    yield finding('SV108', row, {
      kind: change.processId === null ? 'task' : 'process',
      id: change.processId ?? change.attemptId,
      message: `the log has a change of model (${models}), the history has none`,
    });
  }
}
