import type { Judging } from './judging.ts';
import { type KnownProcess, type Memory, successorOf, underSameKey } from './memory.ts';
import { textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';
import { aboutSlot } from './slot-story.ts';

/**
 * Promise 4: a report of a process is refused once its successor began. Other checks find late reports in the final
 * state.
 */
export function judgeLateWord(judging: Judging, seen: Seen): void {
  if (seen.operation === 'startTurn') judgePassed(judging, seen);
  else judgeTold(judging, seen);
}

function judgeTold({ book, memory }: Judging, seen: Seen): void {
  const process = memory.processes.get(seen.asking.params?.processId ?? '');
  const successor = process && successorOf(memory, process, seen.sent);
  if (process === undefined || successor === undefined || !succeeded(seen)) return;
  if (underSameKey(memory, seen).length > 0) return;
  const told = newsIn(memory, process, seen);
  if (told === undefined) return;
  book.complain({
    promise: `4 ${told} of a process accepted after its successor began ${seen.operation}`,
    step: seen.step,
    what: `a report of ${process.id} was accepted, though ${successor.id} began at ${successor.begun}`,
    about: aboutSlot(memory, process.slot, process.sessionId, successor.sessionId),
  });
}

/** The kind of new content in a report, if it has any. The end of a process and its usage may be reported late. */
function newsIn({ reports }: Memory, process: KnownProcess, { operation, asking, sent }: Seen): string | undefined {
  if (operation === 'appendLogs') return (asking.lines?.length ?? 0) > 0 ? 'lines' : undefined;
  // A finish may be accepted without the agent session id in it; the final state shows whether the id was recorded.
  if (operation === 'finishTurn') return undefined;
  const agentId = textAt(asking.body, 'agentSessionId');
  const isKnown = reports.some((one) => one.agentId === agentId && one.processId === process.id && one.sent < sent);
  return agentId === undefined || isKnown || agentId === process.passed ? undefined : 'an id';
}

/**
 * An agent session id that was only reported late is never passed on, unless the caller names it and confirms to keep
 * it.
 */
function judgePassed({ book, memory }: Judging, seen: Seen): void {
  const begun = memory.processes.get(textAt(seen.answer, 'processId') ?? '');
  const passed = begun?.passed;
  if (begun === undefined || passed === undefined || begun.begun !== seen.answered) return;
  if (begun.preRetryId === passed && begun.kept) return;
  const reports = memory.reports.filter(({ agentId }) => agentId === passed);
  const late = reports.filter(({ processId, sent }) => {
    const teller = memory.processes.get(processId);
    return teller !== undefined && successorOf(memory, teller, sent) !== undefined;
  });
  if (reports.length === 0 || late.length < reports.length) return;
  book.complain({
    promise: '4 an id reported late is passed on',
    step: seen.step,
    what: `${begun.id} resumes ${passed}, reported late by ${late.map(({ processId }) => processId).join(', ')}`,
    about: aboutSlot(memory, begun.slot, passed, ...late.map(({ sessionId }) => sessionId)),
  });
}
