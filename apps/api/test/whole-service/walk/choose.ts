import { liveEntries } from './catalogue.ts';
import type { KnownProcess, KnownSession, Side } from './memory.ts';
import { slotKey } from './memory.ts';
import type { Random } from './random.ts';
import type { Body, Client } from './seen.ts';
import type { Turn } from './turn.ts';

/** Usually a task of the client's own project. Few tasks and one preferred phase, so that calls conflict often. */
export function chooseTask({ random, memory }: Turn, client: Client): string {
  const side: Side = (client.name === 'other') === random.chance(0.8) ? 'theirs' : 'ours';
  const tasks = [...memory.tasks.values()].filter((task) => task.side === side && !task.gone);
  return (random.chance(0.85) ? random.pick(tasks.slice(0, 3)) : random.pick(tasks)).id;
}

export const choosePhase = (random: Random): string =>
  random.weighted([
    [7, 'run'],
    [2, 'plan'],
    [1, 'verify'],
  ]);

export const chooseMode = (random: Random): string => (random.chance(0.9) ? 'standard' : 'debug');

/** Usually the live session of a slot, as far as known; otherwise an old one or one of another slot. */
export function chooseSession(turn: Turn, client: Client): KnownSession | undefined {
  const { random, memory } = turn;
  if (random.chance(0.65)) {
    const slot = slotKey(chooseTask(turn, client), choosePhase(random), chooseMode(random));
    const live = memory.live.get(slot);
    if (live !== undefined) return live;
  }
  const all = [...memory.sessions.values()];
  return random.chance(0.6) ? random.recent(all, 25) : random.maybe(all);
}

export function chooseProcess({ random, memory }: Turn): KnownProcess | undefined {
  const all = [...memory.processes.values()];
  return random.chance(0.7) ? random.recent(all, 15) : random.maybe(all);
}

/** Usually the correct generation; otherwise an older, a later or an invented one. */
export const chooseGeneration = (random: Random, right: number): number =>
  random.chance(0.9) ? right : Math.max(0, right + random.pick([-1, 1, 2, -2, 1_000, -right]));

const NAMES: readonly (readonly [number, string])[] = [
  [6, 'claude-sonnet-4-5'],
  [3, 'claude-sonnet-4-6'],
  [2, 'claude-sonnet-4-5-20250929'],
  [4, 'claude-opus-4-5'],
  [2, 'claude-haiku-4-5'],
  [4, 'fast'],
  [2, 'strong'],
  [1, 'claude-3-7-sonnet-20250219'],
  [0.5, 'claude-sonnet-9'],
];

const PARAMETERS: readonly Body[] = [{ reasoning_effort: 'high' }, { temperature: 0.5 }, { seed: 7 }, {}];

/**
 * In half the cases the model of the slot's live session; otherwise another model, an alias, a profile, the default, or
 * an unknown name.
 */
export function chooseModel({ random, catalogue }: Turn, before: Body | undefined): Body {
  if (before !== undefined && random.chance(0.5)) return selectionOf(before);
  const agent = 'claude-code';
  return random.weighted<() => Body>([
    [8, () => ({ agent, model: random.weighted(NAMES) })],
    [1, () => ({ agent, model: random.weighted(NAMES), parameters: random.pick(PARAMETERS) })],
    [1.5, () => ({ agent, ...(random.chance(0.5) && { model: null }) })],
    [1.5, () => ({ agent, variant: random.maybe(liveEntries(catalogue, 'profile'))?.name ?? 'NOPE' })],
    [1, () => ({ agent: 'codex', model: random.pick(['gpt-5.1-codex', 'gpt-5-codex']) })],
    [0.5, () => ({ agent: 'gemini', model: random.pick(['gemini-3-pro-preview', 'gemini-2.5-pro']) })],
    [0.3, () => ({ agent: 'amp' })],
  ])();
}

/** Turns a returned model identity into a model selection. */
function selectionOf(identity: Body): Body {
  const { agent, variant, model, parameters } = identity;
  if (typeof variant === 'string') return { agent, variant };
  return { agent, ...(model !== undefined && { model }), ...(isFilled(parameters) && { parameters }) };
}

const isFilled = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0;

/** The `confirm` value of a request: none, the live session, a stale one, one of another slot, or `keep`. */
export function chooseConfirm(turn: Turn, slot: string): Body | undefined {
  const { random, memory } = turn;
  const replace = (shown: KnownSession | undefined): Body | undefined =>
    shown && {
      kind: 'replace',
      shown: { sessionId: shown.id, generation: chooseGeneration(random, shown.generation) },
    };
  return random.weighted<() => Body | undefined>([
    [6, () => undefined],
    [3, () => replace(memory.live.get(slot))],
    [1, () => replace(random.maybe(memory.bySlot.get(slot) ?? []))],
    [1, () => replace(random.maybe([...memory.sessions.values()]))],
    [2, () => ({ kind: 'keep' })],
  ])();
}

/** An agent session id reported in this session, its slot, its task or elsewhere, or an invented one. */
export function chooseAgentId({ random, memory, step }: Turn, session: KnownSession): string {
  const told = memory.reports;
  const inSession = told.filter(({ sessionId }) => sessionId === session.id);
  const inSlot = told.filter(({ sessionId }) => memory.sessions.get(sessionId)?.slot === session.slot);
  const inTask = told.filter(({ sessionId }) => memory.sessions.get(sessionId)?.taskId === session.taskId);
  const from = random.weighted([
    [4, inSession],
    [3, inSlot],
    [1, inTask],
    [1, told],
    [1, []],
  ]);
  return random.recent(from, 40)?.agentId ?? `invented-${step}`;
}

/** Usually an attempt of the session's task; otherwise any attempt, which is refused unless the session spans tasks. */
export const chooseAttempt = ({ random, memory }: Turn, taskId: string): string => {
  const attempts = [...memory.attempts.values()];
  const own = attempts.filter((attempt) => attempt.taskId === taskId && !attempt.gone);
  return (random.chance(0.94) ? random.maybe(own.slice(0, 3)) : random.maybe(attempts))?.id ?? crypto.randomUUID();
};

export const chooseUsage = (random: Random): Body => ({
  inputTokens: random.below(10_000),
  outputTokens: random.below(5_000),
  turns: random.below(20),
  costUsdMicros: random.below(1_000_000),
});
