import fc from 'fast-check';
import modelNames from '../../../vectors/model-names.json' with { type: 'json' };
import { AGENTS, type Agent } from '../src/agents.ts';
import {
  type AgentSessionId,
  type Generation,
  parseAgentSessionId,
  parseGeneration,
  parseProcessId,
  parseSessionId,
  type SessionId,
} from '../src/ids.ts';
import type { MissingWhy, ModelIdentity, ModelResolution, Parameters, ParameterValue } from '../src/model-identity.ts';
import { DEFAULT_MODEL_POLICY, type ModelPolicy, STRICT_MODEL_POLICY } from '../src/model-policy.ts';
import { SESSION_STATUSES } from '../src/session-lifecycle.ts';
import type { LiveSession, ShownSession, SlotState } from '../src/slot.ts';
import type { PastProcess, ProcessPlace, TurnRequest, TurnSession } from '../src/turn.ts';
import { must } from './row.ts';

const isAgent = (name: string): name is Agent => Object.hasOwn(AGENTS, name);
const agent: fc.Arbitrary<Agent> = fc.constantFrom(...Object.keys(AGENTS).filter(isAgent));

const knownNames = fc.constantFrom(...modelNames.valid.map(({ name }) => name));
/** A small set, so that two picks are often equal or closely related. */
const nearNames = fc.constantFrom(
  ...['sonnet', 'sonnet[1m]', 'default', 'claude-sonnet-4', 'claude-sonnet-4-5', 'anthropic/claude-sonnet-4.5'],
  ...['claude-sonnet-4-5-20250929', 'claude-3-7-sonnet-latest', 'claude-opus-4-5', 'my-finetune'],
);

export const anyModelName = fc.oneof(nearNames, knownNames, fc.string(), fc.string({ unit: 'binary' }));

const value: fc.Arbitrary<ParameterValue> = fc.oneof(
  fc.constantFrom<ParameterValue>(null, 'high', 'High', 'low', '1m', 1_000_000, '0.5', 0.5, true, ''),
  fc.double(),
  fc.string(),
);
const parameterName = fc.oneof(
  fc.constantFrom(
    'reasoning_effort',
    'reasoningEffort',
    'reasoning_id',
    'temperature',
    'context_window',
    'seed',
    'verbosity',
  ),
  fc.string(),
);
const parameters: fc.Arbitrary<Parameters> = fc.dictionary(parameterName, value, { maxKeys: 4 });

const variant = fc.option(fc.constantFrom('DEFAULT', 'SONNET_DEF', 'OPUS'));

const identity: fc.Arbitrary<ModelIdentity> = fc.record({
  agent: fc.oneof({ weight: 3, arbitrary: fc.constant<Agent>('claude-code') }, agent),
  variant,
  model: fc.option(anyModelName),
  resolvedModel: seldom(anyModelName),
  parameters: fc.oneof(fc.constant({}), parameters),
});

/** Identities that often compare as the same, for different reasons. */
export const nearResolved: fc.Arbitrary<ModelResolution> = fc
  .record({
    model: fc.option(nearNames),
    resolvedModel: seldom(nearNames),
    parameters: fc.constantFrom<Parameters>(
      {},
      { context_window: '1m' },
      { contextWindow: 1e6 },
      { seed: null },
      { seed: 1 },
    ),
  })
  .map((one) => ({ kind: 'resolved', identity: { agent: 'claude-code', variant: null, ...one } }));

const why = fc.constantFrom<MissingWhy>('model-deleted', 'model-missing', 'variant-deleted', 'variant-missing');

export const resolved: fc.Arbitrary<ModelResolution> = identity.map((one) => ({ kind: 'resolved', identity: one }));
const missing: fc.Arbitrary<ModelResolution> = fc
  .record({ agent, variant, model: fc.option(anyModelName), why })
  .map((one) => ({ kind: 'missing', ...one }));
export const resolution = fc.oneof({ weight: 5, arbitrary: resolved }, missing);

export const policy: fc.Arbitrary<ModelPolicy> = fc.oneof(
  fc.constantFrom(DEFAULT_MODEL_POLICY, STRICT_MODEL_POLICY),
  fc.record({
    strict: fc.boolean(),
    criticalParameters: fc.array(parameterName, { maxLength: 3 }),
    defaultModels: fc.constantFrom(
      {},
      { 'claude-code': 'claude-sonnet-4-5' },
      { 'claude-code': 'default', codex: 'auto' },
    ),
    aliases: fc.oneof(
      fc.constantFrom({}, { sonnet: 'claude-sonnet-4-5' }, { sonnet: 'default', default: 'sonnet' }),
      fc.dictionary(anyModelName, anyModelName, { maxKeys: 3 }),
    ),
  }),
);

const sessionId: fc.Arbitrary<SessionId> = fc
  .constantFrom('01980000-0000-7000-8000-00000000000a', '01980000-0000-7000-8000-00000000000b')
  .map((text) => must(parseSessionId(text), text));
const generation: fc.Arbitrary<Generation> = fc
  .integer({ min: 0, max: 3 })
  .map((count) => must(parseGeneration(count), 'generation'));
const shown: fc.Arbitrary<ShownSession> = fc.record({ sessionId, generation });
const status = fc.constantFrom(...SESSION_STATUSES);

type Say = TurnRequest['say'];
const say: fc.Arbitrary<Say> = fc.oneof(
  fc.constantFrom<Say>({ kind: 'nothing' }, { kind: 'keep' }),
  shown.map((named): Say => ({ kind: 'replace', shown: named })),
);

const live: fc.Arbitrary<LiveSession> = fc.record({
  id: sessionId,
  generation,
  identity,
  status,
  guarded: fc.boolean(),
  modelMissing: fc.boolean(),
});

const slotState: fc.Arbitrary<SlotState> = fc.record({
  version: fc.nat(),
  generation,
  live: fc.option(live),
});

/** A request for the live session's model is as likely as a request for another model. */
export const startCase = fc
  .record({ slot: slotState, other: resolution, same: fc.boolean(), say, guarded: fc.boolean(), policy })
  .map(({ slot, other, same, say: said, guarded, policy: chosen }) => {
    const model: ModelResolution =
      same && slot.live !== null ? { kind: 'resolved', identity: slot.live.identity } : other;
    return { slot, request: { model, say: said, guarded }, policy: chosen };
  });

const agentSessionId: fc.Arbitrary<AgentSessionId> = fc
  .constantFrom('a1', 'a2', 'a3')
  .map((text) => must(parseAgentSessionId(text), text));

const turnSession: fc.Arbitrary<TurnSession> = fc.record({
  id: sessionId,
  generation,
  identity,
  status,
  deleted: rarely(),
  modelMissing: rarely(),
  over: rarely(),
  keptThrough: fc.option(fc.nat({ max: 5 }), { freq: 2 }),
  takenUp: fc.option(agentSessionId, { freq: 2 }),
  leaseHeld: rarely(),
  predecessorStopsInMs: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.nat()),
});

const past = fc.record({
  id: fc.uuid().map((text) => must(parseProcessId(text), text)),
  place: fc.oneof(
    { weight: 6, arbitrary: fc.constant<ProcessPlace>('here') },
    fc.constantFrom<ProcessPlace>('left', 'elsewhere'),
  ),
  identity,
  agentSessionId: fc.option(agentSessionId),
  dropped: rarely(),
  invalidated: rarely(),
});

const history: fc.Arbitrary<readonly PastProcess[]> = fc
  .array(past, { maxLength: 5 })
  .map((list) => list.map((one, at) => ({ ...one, seq: at + 1 })));

export const turnCase = fc
  .record({
    session: turnSession,
    history,
    other: resolution,
    sameAs: fc.nat({ max: 5 }),
    say,
    onModelChange: fc.constantFrom<TurnRequest['onModelChange']>('ask', 'replace'),
    skipContext: rarely(),
    preRetryId: fc.option(agentSessionId, { freq: 2 }),
    lostId: fc.option(agentSessionId, { freq: 2 }),
    policy,
  })
  .map(({ session, history: processes, other, sameAs, policy: chosen, ...request }) => {
    const like = processes[sameAs]?.identity;
    const model: ModelResolution = like === undefined ? other : { kind: 'resolved', identity: like };
    return { session, history: processes, request: { ...request, model }, policy: chosen };
  });

function rarely(): fc.Arbitrary<boolean> {
  return fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true));
}

function seldom<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(null) }, arbitrary);
}
