import { randomUUID } from 'node:crypto';
import {
  type AttemptId,
  type ErrorCode,
  PhaselockError,
  parseAgentSessionId,
  type ShownSession,
  type SlotKey,
  slotName,
} from '@phaselock/core';
import { type Effect, monotonicMicros, type RecordedOperation } from '@phaselock/testkit';
import type { Guard } from '../../src/guard.ts';
import type { TurnToken } from '../../src/running-turn.ts';
import type { StartOutcome } from '../../src/start-outcome.ts';
import type { Random } from './seeded-random.ts';

/** A slot, and an attempt to run turns in. */
export type Place = { readonly slot: SlotKey; readonly attemptId: AttemptId };

export type RandomClient = {
  readonly name: string;
  readonly guard: Guard;
  readonly places: readonly [Place, ...Place[]];
  readonly random: Random;
  readonly recorder: Recorder;
};

/**
 * Records an operation before it is sent and after it is answered, so that a kill in between leaves an operation
 * without an answer.
 */
export type Recorder = {
  invoked(operation: Omit<RecordedOperation, 'answered'>): (effects: readonly Effect[]) => void;
  failed(code: ErrorCode): void;
};

const MODELS = ['claude-sonnet-4-5', 'claude-sonnet-4-6', 'claude-opus-4-5'] as const;

/**
 * State of one client: the last session it was shown in each place, and the turn tokens it received, most of them
 * stale.
 */
type Memory = { readonly shown: Map<Place, ShownSession>; readonly tokens: { place: Place; token: TurnToken }[] };

/** Returns a function that runs one random operation on a random place at each call. */
export function randomSteps(client: RandomClient): () => Promise<void> {
  const memory: Memory = { shown: new Map(), tokens: [] };
  const { random, places } = client;
  return async () => {
    const place = random.chance(0.5)
      ? (places[random.below(Math.min(4, places.length))] ?? places[0])
      : random.pick(places);
    const step = random.pick([start, start, start, turn, turn, append, append, beat, finish, leave, many]);
    await step(client, memory, place);
  };
}

type Step = (client: RandomClient, memory: Memory, place: Place) => Promise<void>;

async function recorded(
  { name, recorder }: RandomClient,
  what: string,
  { slot }: Place,
  work: () => Promise<readonly Effect[]>,
): Promise<void> {
  const answered = recorder.invoked({ client: name, slot: slotName(slot), what, invokedAt: monotonicMicros() });
  try {
    answered(await work());
  } catch (error) {
    if (!(error instanceof PhaselockError)) throw error;
    // After `backend_unavailable` the effect is unknown, so the operation stays unanswered. Any other error means that
    // nothing was written.
    if (error.code !== 'backend_unavailable') answered([]);
    recorder.failed(error.code);
  }
}

function startEffects(memory: Memory, place: Place, outcome: StartOutcome): readonly Effect[] {
  if (outcome.kind === 'refused' && outcome.code === 'model_missing') return [];
  const { session } = outcome;
  memory.shown.set(place, { sessionId: session.id, generation: session.generation });
  switch (outcome.kind) {
    case 'created':
      return [{ kind: 'birth', session, predecessor: null }];
    case 'replaced':
      return [{ kind: 'birth', session, predecessor: outcome.predecessor.sessionId }];
    case 'created-beside':
    case 'existing':
    case 'ask':
    case 'refused':
      return [];
  }
}

const startRequest = ({ random }: RandomClient, memory: Memory, place: Place) => {
  const shown = memory.shown.get(place);
  const say =
    shown !== undefined && random.chance(0.7) ? ({ kind: 'replace', shown } as const) : ({ kind: 'nothing' } as const);
  return { ...place.slot, model: { agent: 'claude-code', model: random.pick(MODELS) }, say } as const;
};

const start: Step = (client, memory, place) =>
  recorded(client, 'start', place, async () =>
    startEffects(memory, place, await client.guard.start(startRequest(client, memory, place))),
  );

const many: Step = async (client, memory, place) => {
  const others = client.places.filter((other) => other !== place).slice(0, 3);
  const chosen = [place, ...others];
  // The checker treats each slot as one operation, so a bulk start is recorded as several that begin and end together.
  const answers = chosen.map(({ slot }) =>
    client.recorder.invoked({ client: client.name, slot: slotName(slot), what: 'bulk', invokedAt: monotonicMicros() }),
  );
  try {
    const outcomes = await client.guard.bulkStart(chosen.map((at) => startRequest(client, memory, at)));
    for (const [index, outcome] of outcomes.entries()) {
      const at = chosen[index];
      if (at === undefined) continue;
      if (outcome.kind !== 'failed') answers[index]?.(startEffects(memory, at, outcome));
      else client.recorder.failed(outcome.code);
    }
  } catch (error) {
    if (!(error instanceof PhaselockError)) throw error;
    client.recorder.failed(error.code);
  }
};

const turn: Step = (client, memory, place) =>
  recorded(client, 'turn', place, async () => {
    const known = memory.shown.get(place);
    if (known === undefined) return [];
    const { random, guard } = client;
    const model = random.chance(0.3) ? { model: { agent: 'claude-code', model: random.pick(MODELS) } as const } : {};
    const onModelChange = random.chance(0.7) ? 'replace' : 'ask';
    const outcome = await guard.startTurn({
      ...known,
      attemptId: place.attemptId,
      ...model,
      onModelChange,
      skipContext: random.chance(0.1),
    });
    if (outcome.kind !== 'started') return [];
    const session = { id: outcome.session.sessionId, generation: outcome.session.generation };
    memory.shown.set(place, outcome.session);
    memory.tokens.push({ place, token: { ...outcome.session, processId: outcome.processId } });
    if (outcome.replaced === null) return [{ kind: 'write', session }];
    return [{ kind: 'birth', session, predecessor: outcome.replaced.sessionId }];
  });

function heldToken({ random }: RandomClient, memory: Memory) {
  if (memory.tokens.length > 50) memory.tokens.splice(0, 25);
  const recent = memory.tokens.slice(-8);
  return recent[random.below(Math.max(1, recent.length))];
}

const append: Step = async (client, memory) => {
  const held = heldToken(client, memory);
  if (held === undefined) return;
  await recorded(client, 'append', held.place, async () => {
    await client.guard.appendLogs(held.token, [{ kind: 'stdout', line: 'a line' }]);
    return [{ kind: 'write', session: { id: held.token.sessionId, generation: held.token.generation } }];
  });
};

const beat: Step = async (client, memory) => {
  const held = heldToken(client, memory);
  if (held === undefined) return;
  await recorded(client, 'heartbeat', held.place, async () => {
    const answer = await client.guard.heartbeat(held.token);
    return answer.kind === 'continue'
      ? [{ kind: 'write', session: { id: held.token.sessionId, generation: held.token.generation } }]
      : [];
  });
};

/** A replaced runner may finish too, so the checker must not treat a finish as a write. */
const finish: Step = async (client, memory) => {
  const held = heldToken(client, memory);
  const agentSessionId = parseAgentSessionId(randomUUID());
  if (held === undefined || agentSessionId === undefined) return;
  await recorded(client, 'finish', held.place, async () => {
    await client.guard.finishTurn({
      ...held.token,
      ending: 'completed',
      ...(client.random.chance(0.9) && { agentSessionId }),
    });
    return [];
  });
};

const leave: Step = async (client, memory, place) => {
  const known = memory.shown.get(place);
  if (known === undefined || client.random.chance(0.5)) return;
  await recorded(client, 'delete', place, async () => {
    await client.guard.softDelete({ sessionId: known.sessionId });
    return [{ kind: 'departure', sessionId: known.sessionId }];
  });
};
