import type { Judging } from './judging.ts';
import type { Memory } from './memory.ts';
import { at, listAt, textAt } from './read.ts';
import type { Seen } from './seen.ts';

/**
 * Promise 8: a client without the scope replaces no session, and a client of another project sees nothing of this one.
 */
export function judgeScope(judging: Judging, seen: Seen): void {
  if (seen.client.name === 'limited') judgeLimited(judging, seen);
  if (seen.client.name === 'other') judgeOther(judging, seen);
}

function judgeLimited({ book }: Judging, seen: Seen): void {
  const answers = [seen.answer, ...listAt(seen.answer, 'results').map((result) => at(result, 'answer'))];
  const replacing = answers.filter(
    (answer) => textAt(answer, 'outcome') === 'replaced' || textAt(answer, 'replaced.sessionId') !== undefined,
  );
  if (replacing.length === 0 || seen.operation === 'finishTurn') return;
  const reason = textAt(seen.answer, 'reason') ?? '';
  book.complain({
    promise: `8 replaced without the scope ${seen.operation} ${reason}`,
    step: seen.step,
    what: JSON.stringify(replacing[0]),
    about: [seen.asking.params?.sessionId ?? textAt(seen.asking.body, 'taskId') ?? seen.path],
  });
}

const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}/gi;

function judgeOther({ book, memory }: Judging, seen: Seen): void {
  const sent = new Set(`${seen.path} ${JSON.stringify(seen.asking)}`.match(UUID));
  const leaked = [...new Set(seen.text.match(UUID))].filter(
    (id) => isOurs(memory, id) && (seen.status < 400 || !sent.has(id)),
  );
  if (leaked.length === 0) return;
  book.complain({
    promise: `8 seen by another project ${seen.operation}`,
    step: seen.step,
    what: `${leaked.join(', ')} in ${seen.text.slice(0, 500)}`,
    about: [seen.path],
  });
}

function isOurs({ tasks, attempts, sessions, processes, projects }: Memory, id: string): boolean {
  const taskId =
    attempts.get(id)?.taskId ?? sessions.get(id)?.taskId ?? sessions.get(processes.get(id)?.sessionId ?? '')?.taskId;
  return id === projects.ours || tasks.get(taskId ?? id)?.side === 'ours';
}
