import { meaningsOf } from './catalogue.ts';
import type { FinalSession } from './final-state.ts';
import type { Judging } from './judging.ts';
import { successorOf } from './memory.ts';
import { isChanged, modelName, traitsOf } from './model-traits.ts';
import { numberAt, textAt } from './read.ts';

type Told = { readonly process: unknown; readonly session: FinalSession; readonly reported: number };

/**
 * Promise 3: a conversation belongs to one model, one task and one slot; the first process of a session resumes
 * nothing, except on a retry.
 */
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

/** The process that reported each agent session id first, with the time of the response. */
function firstTellers({ memory }: Judging, sessions: readonly FinalSession[]): Map<string, Told> {
  const byProcess = new Map(
    sessions.flatMap((session) =>
      session.processes.map((process) => [textAt(process, 'id') ?? '', { session, process }]),
    ),
  );
  const tellers = new Map<string, Told>();
  for (const { agentId, processId, answered, doubtful } of memory.reports.toSorted((a, b) => a.answered - b.answered)) {
    const found = byProcess.get(processId);
    // An id that was reported late and not recorded belongs to no conversation.
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
    wrong('first process resumes a conversation', `${id} is the first and gets ${passed}`);
  if (!isFirst && passed === undefined) wrong('later process does not resume', `${id} of ${session.id} gets nothing`);
  const wanted = passed === undefined ? 'CodingAgentInitialRequest' : 'CodingAgentFollowUpRequest';
  if (action !== wanted) wrong('action contradicts the passed id', `${action} with ${passed}`);
  if (known !== undefined && known.passed !== passed)
    wrong('response differs from the record', `returned ${known.passed}, recorded ${passed}`);
}

/** Promise 4: the recorded agent session id of a process was reported before its successor began. */
function judgeKept({ book, memory }: Judging, session: FinalSession, process: unknown): void {
  const known = memory.processes.get(textAt(process, 'id') ?? '');
  const kept = textAt(process, 'agentSessionId');
  if (known === undefined || kept === undefined) return;
  const told = memory.reports.filter(({ processId, agentId }) => processId === known.id && agentId === kept);
  const successor =
    told.length === 0 ? undefined : successorOf(memory, known, Math.min(...told.map(({ sent }) => sent)));
  if (successor === undefined || kept === known.passed) return;
  book.complain({
    promise: '4 an id reported late is kept',
    step: known.step,
    what: `${known.id} has ${kept}, reported after ${successor.id} began at ${successor.begun}`,
    ...{ whole: true, about: [session.id, known.id, successor.id] },
  });
}

/** The recorded resolved model is one that the catalogue gave for the name when the process began. */
function judgeResolved({ book, memory, catalogue }: Judging, session: FinalSession, process: unknown): void {
  const known = memory.processes.get(textAt(process, 'id') ?? '');
  const resolved = textAt(process, 'model.resolvedModel');
  if (known === undefined || resolved === undefined || !known.named) return;
  const [agent, name] = [textAt(process, 'model.agent') ?? '', textAt(process, 'model.model') ?? null];
  const meanings = meaningsOf(catalogue, { agent, name }, [known.sent, known.begun]);
  if (meanings.size === 0 || meanings.has(resolved)) return;
  book.complain({
    promise: '3 name resolved to another model',
    step: known.step,
    what: `${known.id} ${modelName(process)} can only have resolved to ${[...meanings]}`,
    about: [session.id, known.id],
  });
}

function judgePassed(judging: Judging, session: FinalSession, process: unknown, teller: Told): void {
  const { book, memory, catalogue } = judging;
  const id = textAt(process, 'id') ?? '';
  const [known, knownTeller] = [memory.processes.get(id), memory.processes.get(textAt(teller.process, 'id') ?? '')];
  // The id had not been reported when it was passed, so it was an invented one.
  if (known === undefined || knownTeller === undefined || teller.reported > known.begun) return;
  // A process owns only the id that it reported last.
  if ((textAt(teller.process, 'agentSessionId') ?? known.passed) !== known.passed) return;
  const wrong = (promise: string) =>
    book.complain({
      promise: `3 ${promise}`,
      step: known.step,
      what: `${id} ${modelName(process)} resumes ${known.passed} of ${knownTeller.id} ${modelName(teller.process)}`,
      about: [session.id, teller.session.id, known.passed ?? id],
    });
  const traits = traitsOf(catalogue, Reflect.get(Object(process), 'model'), [known.sent, known.begun]);
  const before = traitsOf(catalogue, Reflect.get(Object(teller.process), 'model'), [
    knownTeller.sent,
    knownTeller.begun,
  ]);
  if (isChanged(before, traits)) wrong('resumed a conversation of another model');
  if (textAt(session.session, 'taskId') !== textAt(teller.session.session, 'taskId'))
    wrong('resumed a conversation of another task');
  else if (known.slot !== knownTeller.slot) wrong('resumed a conversation of another slot');
}
