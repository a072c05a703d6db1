import { meaningsOf } from './catalogue.ts';
import type { FinalSession } from './final-state.ts';
import type { Judging } from './judging.ts';
import { successorOf } from './memory.ts';
import { isChanged, modelName, traitsOf } from './model-traits.ts';
import { numberAt, textAt } from './read.ts';

type Told = { readonly process: unknown; readonly session: FinalSession; readonly reported: number };

/** Promise 3: a conversation belongs to one model, one task and one session; the first process of a session resumes nothing but for a retry. */
export function judgeConversations(judging: Judging, sessions: readonly FinalSession[]): void {
  const tellers = firstTellers(judging, sessions);
  for (const session of sessions) {
    const processes = session.processes.toSorted((a, b) => (numberAt(a, 'seq') ?? 0) - (numberAt(b, 'seq') ?? 0));
    for (const [index, process] of processes.entries()) {
      judgeBeginning(judging, session, process, index === 0);
      judgeKept(judging, session, process);
      judgeResolved(judging, session, process);
      const teller = tellers.get(textAt(process, 'passedSessionId') ?? '');
      if (teller !== undefined) judgePassed(judging, session, process, teller);
    }
  }
}

/** Who told each id first, by when the call that told it was answered. */
function firstTellers({ memory }: Judging, sessions: readonly FinalSession[]): Map<string, Told> {
  const byProcess = new Map(
    sessions.flatMap((session) =>
      session.processes.map((process) => [textAt(process, 'id') ?? '', { session, process }]),
    ),
  );
  const tellers = new Map<string, Told>();
  for (const { agentId, processId, answered, doubtful } of memory.reports.toSorted((a, b) => a.answered - b.answered)) {
    const found = byProcess.get(processId);
    // What was told late and not recorded makes nobody's conversation.
    const isRecorded = !doubtful || textAt(found?.process, 'agentSessionId') === agentId;
    if (found === undefined || tellers.has(agentId) || !isRecorded) continue;
    tellers.set(agentId, { ...found, reported: answered });
  }
  return tellers;
}

function judgeBeginning({ book, memory }: Judging, session: FinalSession, process: unknown, isFirst: boolean): void {
  const id = textAt(process, 'id') ?? '';
  const [action, passed] = [textAt(process, 'action'), textAt(process, 'passedSessionId')];
  const known = memory.processes.get(id);
  const wrong = (promise: string, what: string) =>
    book.complain({
      promise: `3 ${promise}`,
      step: known?.step ?? Number.POSITIVE_INFINITY,
      what,
      about: [session.id, id],
    });
  const isRetry = passed !== undefined && textAt(process, 'preRetryId') === passed;
  if (isFirst && passed !== undefined && !isRetry)
    wrong('first process resumes', `${id} is the first and gets ${passed}`);
  if (!isFirst && passed === undefined) wrong('later process begins anew', `${id} of ${session.id} gets nothing`);
  const wanted = passed === undefined ? 'CodingAgentInitialRequest' : 'CodingAgentFollowUpRequest';
  if (action !== wanted) wrong('action against what is passed', `${action} with ${passed}`);
  if (known !== undefined && known.passed !== passed)
    wrong('answered otherwise', `told ${known.passed}, kept ${passed}`);
}

/** Promise 4: the id a process has is one that it told before its successor began. */
function judgeKept({ book, memory }: Judging, session: FinalSession, process: unknown): void {
  const known = memory.processes.get(textAt(process, 'id') ?? '');
  const kept = textAt(process, 'agentSessionId');
  if (known === undefined || kept === undefined) return;
  const told = memory.reports.filter(({ processId, agentId }) => processId === known.id && agentId === kept);
  const successor =
    told.length === 0 ? undefined : successorOf(memory, known, Math.min(...told.map(({ sent }) => sent)));
  if (successor === undefined || kept === known.passed) return;
  book.complain({
    promise: '4 an id told late is kept',
    step: known.step,
    what: `${known.id} has ${kept}, told after ${successor.id} began at ${successor.begun}`,
    ...{ whole: true, about: [session.id, known.id, successor.id] },
  });
}

/** Where it is told what a name came to, that is what the catalogue said when the process began. */
function judgeResolved({ book, memory, catalogue }: Judging, session: FinalSession, process: unknown): void {
  const known = memory.processes.get(textAt(process, 'id') ?? '');
  const resolved = textAt(process, 'model.resolvedModel');
  if (known === undefined || resolved === undefined || !known.named) return;
  const [agent, name] = [textAt(process, 'model.agent') ?? '', textAt(process, 'model.model') ?? null];
  const meanings = meaningsOf(catalogue, { agent, name }, [known.sent, known.begun]);
  if (meanings.size === 0 || meanings.has(resolved)) return;
  book.complain({
    promise: '3 a name resolved otherwise',
    step: known.step,
    what: `${known.id} ${modelName(process)} can have come to ${[...meanings]}`,
    about: [session.id, known.id],
  });
}

function judgePassed(judging: Judging, session: FinalSession, process: unknown, teller: Told): void {
  const { book, memory, catalogue } = judging;
  const id = textAt(process, 'id') ?? '';
  const [known, knownTeller] = [memory.processes.get(id), memory.processes.get(textAt(teller.process, 'id') ?? '')];
  // Nobody had told the id yet when it was passed: then it was an invented one.
  if (known === undefined || knownTeller === undefined || teller.reported > known.begun) return;
  // A process has the id it told last; one that it told before is nobody's any more.
  if ((textAt(teller.process, 'agentSessionId') ?? known.passed) !== known.passed) return;
  const wrong = (promise: string) =>
    book.complain({
      promise: `3 ${promise}`,
      step: known.step,
      what: `${id} ${modelName(process)} is to resume ${known.passed} of ${knownTeller.id} ${modelName(teller.process)}`,
      about: [session.id, teller.session.id, known.passed ?? id],
    });
  const traits = traitsOf(catalogue, Reflect.get(Object(process), 'model'), [known.sent, known.begun]);
  const before = traitsOf(catalogue, Reflect.get(Object(teller.process), 'model'), [
    knownTeller.sent,
    knownTeller.begun,
  ]);
  if (isChanged(before, traits)) wrong('a conversation of another model');
  if (textAt(session.session, 'taskId') !== textAt(teller.session.session, 'taskId'))
    wrong('a conversation of another task');
  else if (known.slot !== knownTeller.slot) wrong('a conversation of another slot');
}
