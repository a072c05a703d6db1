import type { Judging } from './judging.ts';
import { type KnownSession, type Memory, underSameKey } from './memory.ts';
import { at, numberAt, textAt } from './read.ts';
import { type Seen, succeeded } from './seen.ts';
import { aboutSlot } from './slot-story.ts';

/** Promise 5: generations only increase, and a call with an old or unknown generation is refused. */
export function judgeFence(judging: Judging, seen: Seen): void {
  judgeCall(judging, seen);
  judgeLatest(judging, seen);
  judgeMatch(judging, seen);
  for (const session of bornBy(judging.memory, seen)) judgeBirth(judging, seen, session);
}

/**
 * Whether a call with a generation had an effect. A finish with an old generation may have one, because it ends the
 * handover.
 */
const TAKEN: Readonly<Record<string, (seen: Seen, memory: Memory) => boolean>> = {
  startTurn: (seen, memory) => memory.processes.get(textAt(seen.answer, 'processId') ?? '')?.begun === seen.answered,
  heartbeat: (seen) => textAt(seen.answer, 'outcome') === 'continue',
  appendLogs: (seen) => (numberAt(seen.answer, 'appended') ?? 0) > 0,
  reportAgentSession: succeeded,
  stopSession: succeeded,
  finishTurn: succeeded,
};

function judgeCall({ book, memory }: Judging, seen: Seen): void {
  const session = memory.sessions.get(seen.asking.params?.sessionId ?? '');
  if (session === undefined || TAKEN[seen.operation]?.(seen, memory) !== true) return;
  // A repeated Idempotency-Key returns the earlier response without a new effect.
  if (underSameKey(memory, seen).length > 0) return;
  const given = numberAt(seen.asking.body, 'generation') ?? Number(seen.asking.query?.generation);
  const complain = (promise: string, what: string) =>
    book.complain({ promise: `5 ${promise} ${seen.operation}`, step: seen.step, what, about: [session.id] });
  if (given !== session.generation)
    complain('wrong generation accepted', `generation ${given} for ${session.id} of ${session.generation}`);
  else if (session.goneSince !== undefined && session.goneSince < seen.sent && seen.operation !== 'finishTurn')
    complain('old generation accepted', `${session.id} has been replaced or deleted since ${session.goneSince}`);
}

/** A change with If-Match is refused if the session has a later version. */
function judgeMatch({ book, memory }: Judging, seen: Seen): void {
  const session = memory.sessions.get(seen.asking.params?.sessionId ?? '');
  const wanted = Number(/\d+/.exec(seen.asking.ifMatch ?? '')?.[0]);
  if (session === undefined || !succeeded(seen) || Number.isNaN(wanted)) return;
  // Deleting a deleted session changes nothing.
  if (session.goneSince !== undefined && session.goneSince < seen.answered) return;
  const later = session.versions.find(({ version, answered }) => version > wanted && answered < seen.sent);
  if (later !== undefined)
    book.complain({
      promise: `5 old version accepted ${seen.operation}`,
      step: seen.step,
      what: `If-Match ${wanted}, though version ${later.version} was returned at ${later.answered}`,
      about: [session.id],
    });
}

function judgeLatest({ book, memory }: Judging, seen: Seen): void {
  const { taskId } = seen.asking.params ?? {};
  const told = numberAt(seen.answer, 'generation');
  if (seen.operation !== 'latestSession' || !succeeded(seen) || told === undefined) return;
  const slot = `${taskId}/${seen.asking.query?.phase}/${seen.asking.query?.mode ?? 'standard'}`;
  const known = youngestBefore(memory, slot, seen.sent);
  if (known !== undefined && known.generation > told)
    book.complain({
      promise: '5 latest session has a lower generation',
      step: seen.step,
      what: `${slot} has generation ${told}, after ${known.id} of ${known.generation}`,
      about: [known.id],
    });
}

const youngestBefore = ({ bySlot }: Memory, slot: string, time: number): KnownSession | undefined =>
  (bySlot.get(slot) ?? [])
    .filter(({ born }) => born < time)
    .reduce<KnownSession | undefined>((a, b) => (a !== undefined && a.generation > b.generation ? a : b), undefined);

const bornBy = (memory: Memory, { answer, answered }: Seen): KnownSession[] =>
  [textAt(answer, 'session.id'), textAt(answer, 'session.sessionId')]
    .concat((Array.isArray(at(answer, 'results')) ? listOf(answer) : []).map((one) => textAt(one, 'answer.session.id')))
    .map((id) => memory.sessions.get(id ?? ''))
    .filter((session) => session !== undefined)
    .filter(({ born, generation }) => born === answered && generation > 0);

const listOf = (answer: unknown): readonly unknown[] => {
  const found = at(answer, 'results');
  return Array.isArray(found) ? found : [];
};

function judgeBirth({ book, memory }: Judging, seen: Seen, session: KnownSession): void {
  const others = (memory.bySlot.get(session.slot) ?? []).filter(({ id }) => id !== session.id);
  const elder = others.find(
    ({ born, generation }) =>
      generation === session.generation || (born < seen.sent && generation > session.generation),
  );
  if (elder === undefined) return;
  // A session that existed before the walk saw it was not created here.
  if (elder.generation !== session.generation && textAt(seen.answer, 'outcome') === 'existing') return;
  book.complain({
    promise: '5 generation repeated or decreased',
    step: seen.step,
    what: `${session.id} has ${session.generation}, ${elder.id} had ${elder.generation}`,
    about: aboutSlot(memory, session.slot, elder.id),
  });
}
