import { MODES, type ModelSelection, PHASES, type ShownSession, type SlotKey } from '@phaselock/core';
import type { BulkItem, IdempotencyKey, Start } from '@phaselock/guard';
import { OPUS, SONNET, SONNET_NEXT } from '@phaselock/testkit';
import {
  anySession,
  type Calls,
  type Operation,
  outcomeOf,
  pickRecent,
  rememberGone,
  rememberSession,
  type Scene,
  type StartAnswer,
  short,
} from './board.ts';

const claude = (model: string): ModelSelection => ({ agent: 'claude-code', model });
const variant = (name: string): ModelSelection => ({ agent: 'claude-code', variant: name });

const MODELS: readonly ModelSelection[] = [
  claude(OPUS),
  claude(OPUS),
  claude(SONNET_NEXT),
  claude(SONNET_NEXT),
  variant('SONNET_DEF'),
  variant('SONNET_NEXT'),
  variant('CHANGING'),
  claude('newest'),
  { agent: 'claude-code' },
  { agent: 'codex', model: 'gpt-5.1-codex' },
  claude('claude-haiku-4-6'),
  { ...claude(SONNET), parameters: { temperature: 0 } },
  { ...claude(SONNET), parameters: { temperature: 1 } },
  variant('NO_SUCH'),
];

export const anyModel = ({ random }: Pick<Scene, 'random'>): ModelSelection =>
  random.chance(0.6) ? claude(SONNET) : random.pick(MODELS);

export const anyKey = ({ random, board }: Scene, chance = 0.3): { readonly idempotencyKey?: IdempotencyKey } =>
  random.chance(chance)
    ? { idempotencyKey: { scope: 'a client', key: board.unique('key'), fingerprint: 'as first sent' } }
    : {};

/** Some callers leave while their call is carried out. */
export const maybeAborted = ({ random }: Pick<Scene, 'random'>): { readonly signal?: AbortSignal } =>
  random.chance(0.03) ? { signal: AbortSignal.timeout(random.whole(1, 20)) } : {};

export const anyActor = ({ random }: Pick<Scene, 'random'>): { readonly actor?: string } =>
  random.chance(0.5) ? { actor: random.pick(['ada', 'grace', 'ci']) } : {};

export const anyHandoff = ({ random, board }: Scene, chance: number) =>
  random.chance(chance) ? { handoff: { summary: board.unique('so far') } } : {};

/** Most calls of a task concern one slot, so that clients meet there. */
function anySlot({ random, card: { taskId } }: Scene): SlotKey {
  return random.chance(0.7)
    ? { taskId, phase: 'run', mode: 'standard' }
    : { taskId, phase: random.pick(PHASES), mode: random.pick(MODES) };
}

/** A session that is, or was, live. */
export const anyShown = ({ random, card }: Pick<Scene, 'random' | 'card'>): ShownSession | undefined => {
  const known = anySession({ random, card });
  return known && { sessionId: known.sessionId, generation: known.generation };
};

function anySay(scene: Scene): Pick<Start, 'say'> {
  const shown = anyShown(scene);
  switch (scene.random.weighted({ nothing: 60, keep: 20, replace: 20 })) {
    case 'nothing':
      return {};
    case 'keep':
      return { say: { kind: 'keep' } };
    case 'replace':
      return shown === undefined ? {} : { say: { kind: 'replace', shown } };
  }
}

function anyGuarded({ random, board, card }: Scene): Pick<Start, 'guarded'> {
  if (board.settings.guardOn && card.calls.length >= card.enrolledFrom) return {};
  return { guarded: random.chance(0.5) ? 'if-task-is' : false };
}

const anyStart = (scene: Scene): Start => ({
  ...anySlot(scene),
  model: anyModel(scene),
  ...anySay(scene),
  ...anyGuarded(scene),
  ...anyActor(scene),
});

const described = ({ phase, mode, model, say, guarded, handoff }: Start): string =>
  JSON.stringify({ phase, mode, model, say: say?.kind, guarded, handoff: handoff !== undefined });

/** Takes note of the session in the answer. */
function learn({ card, tell }: Scene, request: Start, outcome: StartAnswer): string {
  const { session, shown, predecessor } = outcome;
  if (shown !== undefined && outcome.kind === 'ask') card.asked.push({ request, shown });
  if (predecessor !== undefined) rememberGone(card, predecessor.sessionId);
  if (session !== undefined) {
    rememberSession(card, { sessionId: session.id, generation: session.generation });
    tell(`${short(session.id)}/${session.generation}`);
  }
  return outcomeOf(outcome);
}

/** Sends a start, and keeps it for a repetition if it has a key. */
async function send(scene: Scene, operation: string, request: Start): Promise<string> {
  scene.tell(described(request));
  if (request.idempotencyKey !== undefined) {
    scene.card.repeats.push({
      operation,
      send: async (calls) => outcomeOf(await calls.start(request)),
    });
  }
  return learn(scene, request, await scene.calls.start(request));
}

export const start: Operation = (scene) =>
  send(scene, 'start', {
    ...anyStart(scene),
    ...(scene.random.chance(0.05) && { milestoneId: 'M1' }),
    ...anyHandoff(scene, 0.05),
    ...anyKey(scene),
    ...maybeAborted(scene),
    ...(scene.random.chance(0.05) && { mayReplace: false }),
  });

/** Confirms the replacement of the session that a start was shown, now or after the slot has moved on. */
export const confirm: Operation = async (scene) => {
  const asked = pickRecent(scene.random, scene.card.asked);
  if (asked === undefined) return undefined;
  const { request, shown } = asked;
  const say = scene.random.chance(0.85) ? ({ kind: 'replace', shown } as const) : ({ kind: 'keep' } as const);
  return await send(scene, 'confirm', { ...request, ...anyHandoff(scene, 0.3), ...anyKey(scene), say });
};

export const bulkStart: Operation = async (scene) => {
  const { random, board, card, calls, tell } = scene;
  const cards = [card, ...board.cards.slice(-8).filter((other) => other !== card && random.chance(0.3))];
  const items = cards.map((one): BulkItem => anyStart({ ...scene, card: one }));
  const slots = new Set(items.map(({ taskId, phase, mode }) => `${taskId} ${phase} ${mode}`));
  const twice = random.chance(0.05) || slots.size < items.length ? items.concat(items.slice(0, 1)) : items;
  tell(items.map((item) => described(item)).join(' '));
  const key = anyKey(scene);
  const sendTo = (to: Calls) => to.bulkStart(twice, key);
  if (key.idempotencyKey !== undefined)
    card.repeats.push({
      operation: 'bulk-start',
      send: async (to) => outcomeOf((await sendTo(to))[0] ?? { kind: 'none' }),
    });
  const outcomes = await sendTo(calls);
  return outcomes
    .map((outcome, index) => {
      const item = items[index];
      const of = cards[index];
      return item === undefined || of === undefined ? 'none' : learn({ ...scene, card: of }, item, outcome);
    })
    .reduce((one, other) => (other.startsWith('refused') ? one : other));
};

export const standalone: Operation = async (scene) => {
  const { random, card, calls, tell } = scene;
  const request = {
    ...anySlot(scene),
    model: anyModel(scene),
    ...anyActor(scene),
    ...(random.chance(0.4) && { milestoneId: 'M1' }),
    ...anyKey(scene),
  };
  const sendTo = async (to: Calls) => {
    const { id: sessionId, generation } = await to.beginStandalone(request);
    rememberSession(card, { sessionId, generation });
    return sessionId;
  };
  if (request.idempotencyKey !== undefined)
    card.repeats.push({
      operation: 'standalone',
      send: async (to) => {
        await sendTo(to);
        return 'begun';
      },
    });
  tell(`${short(await sendTo(calls))} ${JSON.stringify(request.model)} ${request.milestoneId ?? ''}`);
  return 'begun';
};
