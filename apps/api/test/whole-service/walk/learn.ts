import { type Memory, rememberGone, rememberProcess, rememberSession, slotKey } from './memory.ts';
import { at, instantAt, listAt, numberAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';

/** An Idempotency-Key together with its client, because keys are scoped to the client. */
const keyOf = ({ client, asking }: Seen): string | undefined =>
  asking.idempotencyKey === undefined ? undefined : `${client.name} ${asking.idempotencyKey}`;

/** Records in the memory what a response shows. */
export function learn(memory: Memory, seen: Seen): void {
  learnVersion(memory, seen);
  LESSONS[seen.operation]?.(memory, seen);
}

/** Records the session version of a response. */
function learnVersion({ sessions }: Memory, { asking, answer, answered }: Seen): void {
  const version = numberAt(answer, 'version');
  if (version !== undefined) sessions.get(asking.params?.sessionId ?? '')?.versions.push({ version, answered });
}

type Lesson = (memory: Memory, seen: Seen) => void;

const learnTask: Lesson = (memory, seen) => {
  const id = textAt(seen.answer, 'id');
  if (!succeeded(seen) || id === undefined || memory.tasks.has(id)) return;
  const side = textAt(seen.asking.body, 'projectId') === memory.projects.theirs ? 'theirs' : 'ours';
  memory.tasks.set(id, { id, side, gone: false });
};

const learnAttempt: Lesson = (memory, seen) => {
  const [id, taskId] = [textAt(seen.answer, 'id'), textAt(seen.asking.body, 'taskId')];
  if (!succeeded(seen) || id === undefined || taskId === undefined || memory.attempts.has(id)) return;
  memory.attempts.set(id, { id, taskId, gone: false });
};

const learnStart: Lesson = (memory, seen) => {
  if (!succeeded(seen)) return;
  rememberGone(memory, textAt(seen.answer, 'predecessor.sessionId'), seen.answered);
  learnBrief(memory, seen, at(seen.answer, 'session'));
};

/** A session of generation 0 is not guarded and may run beside others, so it gets its own slot. */
function learnBrief(memory: Memory, seen: Seen, brief: unknown): void {
  const [id, taskId] = [textAt(brief, 'id'), textAt(brief, 'taskId')];
  const generation = numberAt(brief, 'generation');
  if (id === undefined || taskId === undefined || generation === undefined) return;
  const [phase, mode] = [textAt(brief, 'phase') ?? '', textAt(brief, 'mode') ?? ''];
  rememberSession(memory, {
    ...{ id, taskId, phase, mode, generation, goneSince: undefined, etag: undefined, stops: [], versions: [] },
    slot: generation === 0 ? `beside ${id}` : slotKey(taskId, phase, mode),
    model: Object(at(brief, 'model')),
    sent: seen.sent,
    born: seen.answered,
  });
}

const learnBulk: Lesson = (memory, seen) => {
  for (const result of listAt(seen.answer, 'results'))
    learnStart(memory, { ...seen, status: numberAt(result, 'status') ?? 0, answer: at(result, 'answer') });
};

const learnTurn: Lesson = (memory, seen) => {
  const { answer, asking } = seen;
  const asked = memory.sessions.get(asking.params?.sessionId ?? '');
  const [id, sessionId] = [textAt(answer, 'processId'), textAt(answer, 'session.sessionId')];
  const [generation, seq] = [numberAt(answer, 'session.generation'), numberAt(answer, 'seq')];
  if (!succeeded(seen) || asked === undefined || memory.processes.has(id ?? '')) return;
  if (id === undefined || sessionId === undefined || generation === undefined || seq === undefined) return;
  rememberGone(memory, textAt(answer, 'replaced.sessionId'), seen.answered);
  const model = Object(at(asking.body, 'model') ?? asked.model);
  rememberSession(memory, {
    ...{ ...asked, id: sessionId, generation, model, goneSince: undefined, etag: undefined, stops: [], versions: [] },
    slot: generation === 0 ? `beside ${sessionId}` : asked.slot,
    sent: seen.sent,
    born: seen.answered,
  });
  rememberProcess(memory, {
    ...{ id, sessionId, generation, seq, sent: seen.sent, begun: seen.answered, step: seen.step },
    slot: memory.sessions.get(sessionId)?.slot ?? asked.slot,
    passed: textAt(answer, 'passedSessionId'),
    preRetryId: textAt(asking.body, 'preRetryId'),
    kept: textAt(asking.body, 'confirm.kind') === 'keep',
    named: at(asking.body, 'model') !== undefined,
    leaseUntil: instantAt(answer, 'leaseExpiresAt') ?? 0,
    leaseTold: seen.answered,
    endSent: undefined,
    overSince: undefined,
  });
};

const learnHeartbeat: Lesson = (memory, seen) => {
  const process = memory.processes.get(seen.asking.params?.processId ?? '');
  if (textAt(seen.answer, 'why') === 'replaced') rememberGone(memory, seen.asking.params?.sessionId, seen.answered);
  const until = instantAt(seen.answer, 'leaseExpiresAt');
  if (process === undefined || until === undefined || textAt(seen.answer, 'outcome') !== 'continue') return;
  if (until > process.leaseUntil) Object.assign(process, { leaseUntil: until, leaseTold: seen.answered });
};

const learnReport: Lesson = (memory, seen) => {
  const agentId = textAt(seen.asking.body, 'agentSessionId');
  const { sessionId = '', processId = '' } = seen.asking.params ?? {};
  if (!succeeded(seen) || agentId === undefined) return;
  const doubtful = at(seen.answer, 'replaced') === true;
  memory.reports.push({ agentId, sessionId, processId, sent: seen.sent, answered: seen.answered, doubtful });
};

const learnFinish: Lesson = (memory, seen) => {
  learnReport(memory, seen);
  const process = memory.processes.get(seen.asking.params?.processId ?? '');
  if (!succeeded(seen) || process === undefined) return;
  process.endSent ??= seen.sent;
  // A process declared lost may still report later.
  if (textAt(seen.asking.body, 'ending') !== 'lost') process.overSince ??= seen.answered;
  if (at(seen.answer, 'replaced') === true) rememberGone(memory, seen.asking.params?.sessionId, seen.answered);
};

const learnAppend: Lesson = (memory, seen) => {
  const { sessionId = '', processId = '' } = seen.asking.params ?? {};
  const lines = (seen.asking.lines ?? []).map((line) => textAt(line, 'line') ?? '');
  const { sent, step, status } = seen;
  memory.appends.push({ sessionId, processId, lines, sent, step, status, key: keyOf(seen) });
};

const learnSession: Lesson = (memory, seen) => {
  const session = memory.sessions.get(textAt(seen.answer, 'id') ?? '');
  if (session === undefined) return;
  session.etag = seen.etag ?? session.etag;
  if (textAt(seen.answer, 'deletedAt') !== undefined) rememberGone(memory, session.id, seen.answered);
};

const learnStop: Lesson = ({ sessions }, seen) => {
  const { sent, answered } = seen;
  if (succeeded(seen)) sessions.get(seen.asking.params?.sessionId ?? '')?.stops.push({ sent, answered });
};

const goneNow =
  (kind: 'tasks' | 'attempts', name: string): Lesson =>
  (memory, seen) => {
    const known = memory[kind].get(seen.asking.params?.[name] ?? '');
    if (succeeded(seen) && known !== undefined) known.gone = true;
  };

const LESSONS: Readonly<Record<string, Lesson>> = {
  createTask: learnTask,
  createAttempt: learnAttempt,
  startSession: learnStart,
  beginStandalone: (memory, seen) => succeeded(seen) && learnBrief(memory, seen, seen.answer),
  startMany: learnBulk,
  startTurn: learnTurn,
  heartbeat: learnHeartbeat,
  reportAgentSession: learnReport,
  finishTurn: learnFinish,
  appendLogs: learnAppend,
  stopSession: learnStop,
  getSession: learnSession,
  deleteSession: (memory, seen) =>
    succeeded(seen) && rememberGone(memory, seen.asking.params?.sessionId, seen.answered),
  deleteMany: (memory, seen) => {
    for (const id of listAt(seen.answer, 'deleted')) rememberGone(memory, String(id), seen.answered);
  },
  deleteTask: goneNow('tasks', 'taskId'),
  deleteAttempt: goneNow('attempts', 'attemptId'),
};
