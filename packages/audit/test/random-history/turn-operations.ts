import {
  type AgentSessionId,
  type Generation,
  OUTSIDE_THE_GUARD,
  PhaselockError,
  PROCESS_ENDINGS,
} from '@phaselock/core';
import type { StartTurn, TurnToken, Usage } from '@phaselock/guard';
import { agentId } from '@phaselock/testkit';
import {
  type KnownTurn,
  type Operation,
  outcomeOf,
  pickRecent,
  rememberGone,
  rememberSession,
  type Scene,
  short,
  type TaskCard,
  type TurnAnswer,
} from './board.ts';
import { anyActor, anyHandoff, anyKey, anyModel, anyShown, maybeAborted } from './start-operations.ts';

/** A later generation exists for a session outside the guard only once it was adopted. */
const ADOPTED = 1 as Generation;

const otherGeneration = (generation: Generation): Generation =>
  generation === OUTSIDE_THE_GUARD ? ADOPTED : OUTSIDE_THE_GUARD;

/** An id that an agent told in this task or, rarely, in another one, or that nobody told. */
function anyTold({ random, board, card }: Scene): AgentSessionId | undefined {
  switch (random.weighted({ own: 92, foreign: 5, invented: 3 })) {
    case 'own':
      return pickRecent(random, card.told);
    case 'foreign':
      return pickRecent(random, random.pick(board.cards).told);
    case 'invented':
      return agentId(board.unique('never-told'));
  }
}

/** The id that an agent tells: of a new conversation, of the one that it resumed, or a wrong one. */
function toldBy(scene: Scene, turn: KnownTurn): AgentSessionId {
  const { random, board } = scene;
  const id = random.chance(0.25) ? turn.passed : random.chance(0.2) ? anyTold(scene) : undefined;
  return id ?? agentId(board.unique('agent'));
}

function anyUsage({ random }: Pick<Scene, 'random'>): Usage {
  return {
    inputTokens: random.whole(0, 5_000),
    outputTokens: random.whole(0, 900),
    turns: random.whole(0, 9),
    costUsdMicros: random.whole(0, 70_000),
  };
}

/** Attempts of another task are for milestone sessions; other sessions refuse them. */
function anyAttempt({ random, board, card }: Scene) {
  const of = random.chance(0.06) ? random.pick(board.cards) : card;
  return random.pick(of.attempts.slice(-4));
}

function maybe<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [key in Name]?: Value } {
  const given: { [key in Name]?: Value } = {};
  if (value !== undefined) given[name] = value;
  return given;
}

function anyTurn(scene: Scene): StartTurn | undefined {
  const { random } = scene;
  const shown = anyShown(scene);
  const other = anyShown(scene);
  if (shown === undefined || other === undefined) return undefined;
  return {
    sessionId: shown.sessionId,
    generation: random.chance(0.04) ? otherGeneration(shown.generation) : shown.generation,
    attemptId: anyAttempt(scene),
    ...(random.chance(0.25) && { model: anyModel(scene) }),
    ...(random.chance(0.25) && { say: random.chance(0.5) ? { kind: 'keep' } : { kind: 'replace', shown } }),
    ...(random.chance(0.05) && { say: { kind: 'replace', shown: other } }),
    ...(random.chance(0.4) && { onModelChange: random.pick(['ask', 'replace']) }),
    ...(random.chance(0.08) && { skipContext: true }),
    ...maybe('preRetryId', random.chance(0.2) ? anyTold(scene) : undefined),
    ...maybe('lostId', random.chance(0.08) ? anyTold(scene) : undefined),
    ...anyHandoff(scene, 0.06),
    ...anyActor(scene),
    ...anyKey(scene, 0.25),
    ...maybeAborted(scene),
    ...(random.chance(0.03) && { mayReplace: false }),
  };
}

const described = (request: StartTurn): string => {
  const { sessionId, generation, attemptId, idempotencyKey, actor, handoff, signal, ...more } = request;
  return [
    `${short(sessionId)}/${generation} ${JSON.stringify(more)}`,
    ...(handoff === undefined ? [] : ['handoff']),
    ...(idempotencyKey === undefined ? [] : [idempotencyKey.key]),
  ].join(' ');
};

/** Takes note of the process and of its session, which is another one after a fresh start. */
function learn(card: TaskCard, outcome: TurnAnswer): string {
  if (outcome.kind !== 'started') return outcomeOf(outcome);
  const { session, processId, passedSessionId, action, replaced } = outcome;
  if (!card.turns.some(({ token }) => token.processId === processId)) {
    rememberSession(card, session);
    rememberGone(card, replaced?.sessionId);
    card.turns.push({ token: { ...session, processId }, passed: passedSessionId, over: false });
  }
  const how = action === 'CodingAgentInitialRequest' ? 'initial' : 'follow-up';
  return `started ${how}${replaced === null ? '' : ' in a successor'}`;
}

export const startTurn: Operation = async (scene) => {
  const request = anyTurn(scene);
  if (request === undefined) return undefined;
  const { calls, card, tell } = scene;
  tell(described(request));
  if (request.idempotencyKey !== undefined)
    card.repeats.push({ operation: 'turn', send: async (to) => learn(card, await to.startTurn(request)) });
  const outcome = await calls.startTurn(request);
  if (outcome.kind === 'refused' && outcome.code === 'stale_generation') rememberGone(card, request.sessionId);
  if (outcome.kind === 'started')
    tell(`${short(outcome.session.sessionId)}: ${short(outcome.processId)} #${outcome.seq}`);
  return learn(card, outcome);
};

/** Usually a process at work. Also one that is over, a wrong generation, or a process of another session. */
function anyReport({ random, card }: Scene): { readonly turn: KnownTurn; readonly token: TurnToken } | undefined {
  const atWork = card.turns.filter(({ over }) => !over);
  const turn = pickRecent(random, random.chance(0.75) && atWork.length > 0 ? atWork : card.turns);
  const other = pickRecent(random, card.sessions);
  if (turn === undefined || other === undefined) return undefined;
  const { token } = turn;
  switch (random.weighted({ right: 94, generation: 3, session: 3 })) {
    case 'right':
      return { turn, token };
    case 'generation':
      return { turn, token: { ...token, generation: otherGeneration(token.generation) } };
    case 'session':
      return { turn, token: { ...token, sessionId: other.sessionId } };
  }
}

const TELL_OVER: ReadonlySet<string> = new Set(['stale_generation', 'stale_process', 'session_not_found']);

/** An operation on a process; `act` returns its outcome. */
const report =
  (act: (scene: Scene, token: TurnToken, turn: KnownTurn) => Promise<string>): Operation =>
  async (scene) => {
    const of = anyReport(scene);
    if (of === undefined) return undefined;
    scene.tell(`${short(of.token.sessionId)}/${of.token.generation}: ${short(of.token.processId)}`);
    try {
      return await act(scene, of.token, of.turn);
    } catch (error) {
      // A client that was told that its process is over reports to it less often.
      if (of.token === of.turn.token && error instanceof PhaselockError) of.turn.over ||= TELL_OVER.has(error.code);
      throw error;
    }
  };

export const heartbeat = report(async ({ calls }, token) => {
  const answer = await calls.heartbeat(token);
  return answer.kind === 'stop' ? `refused ${answer.why}` : 'continue';
});

export const tellConversation = report(async (scene, token, turn) => {
  const { calls, card, tell } = scene;
  const id = toldBy(scene, turn);
  tell(id);
  await calls.reportAgentSession(token, id);
  card.told.push(id);
  return turn.over ? 'told late' : 'told';
});

export const appendLogs = report(async (scene, token) => {
  const { random, board, calls, card, tell } = scene;
  const lines = Array.from({ length: random.whole(1, 4) }, () => ({
    kind: random.pick(['stdout', 'stderr', 'event', 'result'] as const),
    line: board.unique('line'),
  }));
  const key = anyKey(scene, 0.2);
  tell(`${lines.length} lines`);
  if (key.idempotencyKey !== undefined)
    card.repeats.push({
      operation: 'logs',
      send: async (to) => {
        await to.appendLogs(token, lines, key);
        return 'appended';
      },
    });
  await calls.appendLogs(token, lines, key);
  return 'appended';
});

export const recordUsage = report(async (scene, token, turn) => {
  await scene.calls.recordUsage(token, anyUsage(scene));
  return turn.over ? 'booked late' : 'booked';
});

export const finishTurn = report(async (scene, token, turn) => {
  const { random, calls, card, tell } = scene;
  const id = random.chance(turn.over ? 0.2 : 0.75) ? toldBy(scene, turn) : undefined;
  const finish = {
    ...token,
    ending: random.chance(0.7) ? ('completed' as const) : random.pick(PROCESS_ENDINGS),
    ...(random.chance(0.6) && { exitCode: random.whole(0, 2) }),
    ...maybe('agentSessionId', id),
    ...(random.chance(0.06) && { lostAgentSession: true }),
    ...(random.chance(0.5) && { usage: anyUsage(scene) }),
    ...anyActor(scene),
  };
  tell(`${finish.ending} ${id ?? ''} ${finish.lostAgentSession === true ? 'lost its conversation' : ''}`);
  const { replaced } = await calls.finishTurn(finish);
  const wasOver = turn.over;
  turn.over = true;
  if (id !== undefined) card.told.push(id);
  return replaced ? 'finished a replaced one' : wasOver ? 'finished again' : 'finished';
});

/** A report of a runner of the previous release. */
export const reportAsBefore = report(async (scene, _, turn) => {
  const { random, board, card, tell } = scene;
  const what = random.weighted({ heartbeat: 2, id: 2, log: 2, usage: 2, finish: 3 });
  const id = agentId(board.unique('agent'));
  const outcome = await board.upkeep.reportAsBefore(turn, what, id);
  tell(`${what} ${what === 'id' || what === 'finish' ? id : ''}`);
  const isDone = ['renewed', 'reported', 'appended', 'recorded', 'finished'].includes(outcome);
  if (isDone && (what === 'id' || what === 'finish')) card.told.push(id);
  if (outcome === 'finished') turn.over = true;
  return isDone ? outcome : `refused ${outcome}`;
});
