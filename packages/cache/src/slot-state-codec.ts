import {
  AGENTS,
  type Agent,
  type LiveSession,
  type ModelIdentity,
  type ParameterValue,
  parseGeneration,
  parseSessionId,
  SESSION_STATUSES,
  type SlotState,
} from '@phaselock/core';
import { fieldsOf, type JsonFields, parseJsonObject } from './json-object.ts';
import type { SnapshotCodec } from './redis-snapshots.ts';

/**
 * A slot's state as text. Decoding validates every field, because during a deployment another release may write another
 * format to the same Redis.
 */
export const slotStateCodec: SnapshotCodec<SlotState> = {
  encode: (state) => JSON.stringify(state),
  decode(text) {
    const fields = parseJsonObject(text);
    if (fields === undefined) return undefined;
    const version = fields.get('version');
    const generation = readGeneration(fields);
    const live = fields.get('live') === null ? null : readLive(fields.get('live'));
    if (typeof version !== 'number' || generation === undefined || live === undefined) return undefined;
    return { version, generation, live };
  },
};

function readLive(value: unknown): LiveSession | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  const sessionId = fields.get('id');
  const id = typeof sessionId === 'string' ? parseSessionId(sessionId) : undefined;
  const generation = readGeneration(fields);
  const identity = readIdentity(fields.get('identity'));
  const status = SESSION_STATUSES.find((known) => known === fields.get('status'));
  const guarded = fields.get('guarded');
  const modelMissing = fields.get('modelMissing');
  if (id === undefined || generation === undefined || identity === undefined || status === undefined) return undefined;
  if (typeof guarded !== 'boolean' || typeof modelMissing !== 'boolean') return undefined;
  return { id, generation, identity, status, guarded, modelMissing };
}

function readIdentity(value: unknown): ModelIdentity | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  const agent = fields.get('agent');
  const variant = readName(fields.get('variant'));
  const model = readName(fields.get('model'));
  // Absent in a value that an earlier release wrote; such a value is refused, and the database is read instead.
  const resolvedModel = readName(fields.get('resolvedModel'));
  const parameters = [...(fieldsOf(fields.get('parameters')) ?? [['', undefined]])];
  if (!isAgent(agent) || variant === undefined || model === undefined || !parameters.every(isParameter))
    return undefined;
  if (resolvedModel === undefined) return undefined;
  return { agent, variant, model, resolvedModel, parameters: Object.fromEntries(parameters) };
}

const readGeneration = (fields: JsonFields) => {
  const generation = fields.get('generation');
  return typeof generation === 'number' ? parseGeneration(generation) : undefined;
};

const readName = (value: unknown): string | null | undefined =>
  typeof value === 'string' || value === null ? value : undefined;

const isAgent = (value: unknown): value is Agent => typeof value === 'string' && Object.hasOwn(AGENTS, value);

const isParameter = (entry: [string, unknown]): entry is [string, ParameterValue] =>
  entry[1] === null || ['string', 'number', 'boolean'].includes(typeof entry[1]);
