import type { Judging } from './judging.ts';
import { type KnownProcess, type Memory, successorOf, underSameKey } from './memory.ts';
import { textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';
import { aboutSlot } from './slot-story.ts';

/** Promise 4: what a process tells after its successor began is not taken. Whether it shows up after all is looked at in the end. */
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
    promise: `4 ${told} of a process after its successor began ${seen.operation}`,
    step: seen.step,
    what: `${process.id} is heard, though ${successor.id} began at ${successor.begun}`,
    about: aboutSlot(memory, process.slot, process.sessionId, successor.sessionId),
  });
}

/** What a call tells that was not known before: how a process ended, and what it used, may come late. */
function newsIn({ reports }: Memory, process: KnownProcess, { operation, asking, sent }: Seen): string | undefined {
  if (operation === 'appendLogs') return (asking.lines?.length ?? 0) > 0 ? 'lines' : undefined;
  // A finish may be taken without the id that comes with it; whether it was, is seen in the end.
  if (operation === 'finishTurn') return undefined;
  const agentId = textAt(asking.body, 'agentSessionId');
  const isKnown = reports.some((one) => one.agentId === agentId && one.processId === process.id && one.sent < sent);
  return agentId === undefined || isKnown || agentId === process.passed ? undefined : 'an id';
}

/** An id that was told by nobody but the late is passed to nobody, unless whoever starts names it and says to go on all the same. */
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
    promise: '4 an id told late is passed on',
    step: seen.step,
    what: `${begun.id} is to resume ${passed}, which was told by ${late.map(({ processId }) => processId).join(', ')}`,
    about: aboutSlot(memory, begun.slot, passed, ...late.map(({ sessionId }) => sessionId)),
  });
}
