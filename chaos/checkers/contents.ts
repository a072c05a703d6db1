import type { Operation } from '../history/operation.ts';
import { type Checker, createFindings, entryOf, ofOperations } from './checker.ts';
import { createTries } from './tries-of-effects.ts';

/**
 * Checks log lines, feedback, and projects, tasks and attempts by title: acknowledged ones exist unchanged, and none
 * exists more often than clients requested it.
 */
export function checkContents(): Checker {
  const findings = createFindings();
  const lines = createTries();
  const comments = createTries();
  const made = createTries();
  const ids = new Map<string, Operation>();

  const take = (operation: Operation) => {
    const { kind, asked, outcome, session, process, told } = operation;
    if (kind === 'logs') for (const line of asked.lines ?? []) lines.add(`${session} ${process} ${line}`, operation);
    if (kind === 'feedback') comments.add(`${session} ${asked.comment}`, operation);
    if (kind === 'project' || kind === 'task' || kind === 'attempt') {
      made.add(`${kind} ${asked.title}`, operation);
      if (outcome === 'ok' && told?.id !== undefined) {
        const first = entryOf(ids, `${kind} ${asked.title}`, () => operation);
        if (first.told?.id !== told.id)
          findings.add('made-twice', `${kind} ${asked.title} has two ids`, first, operation);
      }
    }
  };

  const conclude: Checker['conclude'] = ({ final }) => {
    const linesThere = new Map<string, number>();
    const commentsThere = new Map<string, number>();
    const count = (there: Map<string, number>, name: string) => there.set(name, (there.get(name) ?? 0) + 1);
    for (const session of final.sessions.values()) {
      for (const { process, line } of session.logs) count(linesThere, `${session.id} ${process} ${line}`);
      for (const comment of session.comments) count(commentsThere, `${session.id} ${comment}`);
    }
    const compare = (
      what: string,
      tries: ReturnType<typeof createTries>,
      there: ReadonlyMap<string, number>,
    ): number => {
      let compared = 0;
      for (const [name, { least, most, operations }] of tries.bounds()) {
        compared += 1;
        const found = there.get(name) ?? 0;
        // An unreadable session is reported once below, not once for each of its lines.
        if (found < least && !final.unreadable.has(operations[0]?.session ?? ''))
          findings.add(`${what}-lost`, `${name}: acknowledged, but not found`, ...operations);
        if (found > most)
          findings.add(`${what}-twice`, `${name}: found ${found} times, at most ${most} were accepted`, ...operations);
      }
      for (const name of there.keys())
        if (!tries.has(name)) findings.add(`${what}-invented`, `${name}: no client requested it`);
      return compared;
    };
    const compared = {
      'log lines': compare('log-line', lines, linesThere),
      feedback: compare('feedback', comments, commentsThere),
      'projects, tasks, attempts': compare('made', made, final.made),
    };
    for (const id of final.unreadable)
      findings.add('unreadable', `session ${id} is neither in the database nor in the archive`);
    return { compared, findings: findings.all() };
  };
  return { name: 'contents', take: ofOperations(take), conclude };
}
