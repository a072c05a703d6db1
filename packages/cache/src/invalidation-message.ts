import {
  type Generation,
  MODES,
  type Mode,
  PHASES,
  type Phase,
  parseGeneration,
  parseSessionId,
  parseTaskId,
  type SessionId,
  type SlotKey,
} from '@phaselock/core';
import { type JsonFields, parseJsonObject } from './json-object.ts';

/** The message that a slot has changed. */
export type Invalidation = {
  readonly slot: SlotKey;
  /** The new version of the slot; 0 if the writer does not know whether its write took effect. */
  readonly version: number;
  readonly generation: Generation;
  readonly sessionId: SessionId | null;
  readonly model: string | null;
};

export type Message =
  | { readonly kind: 'invalidation'; readonly origin: string; readonly invalidation: Invalidation }
  /** A heartbeat that a bus sends to itself. `sentAt` is by the clock of the sender. */
  | { readonly kind: 'beat'; readonly origin: string; readonly sentAt: number };

/** PostgreSQL refuses longer payloads. */
const BYTES_LIMIT = 7_900;

export function encodeInvalidation(
  { slot, version, generation, sessionId, model }: Invalidation,
  origin: string,
): string {
  const { taskId, phase, mode } = slot;
  const write = (name: string | null): string =>
    JSON.stringify({ task_id: taskId, phase, model: name, mode, version, session_id: sessionId, generation, origin });
  const text = write(model);
  // The model is only informative. A name that is too long is left out, so that the invalidation can still be sent.
  return Buffer.byteLength(text) > BYTES_LIMIT ? write(null) : text;
}

export const encodeBeat = (sentAt: number, origin: string): string => JSON.stringify({ beat: sentAt, origin });

/**
 * Undefined for a text that is not one of these messages. Unknown fields are ignored, because a later release may add
 * some.
 */
export function parseMessage(text: string): Message | undefined {
  const fields = parseJsonObject(text);
  const origin = fields?.get('origin');
  if (fields === undefined || typeof origin !== 'string' || origin === '') return undefined;
  const sentAt = fields.get('beat');
  if (typeof sentAt === 'number') return { kind: 'beat', origin, sentAt };
  const invalidation = parseInvalidation(fields);
  return invalidation === undefined ? undefined : { kind: 'invalidation', origin, invalidation };
}

function parseInvalidation(fields: JsonFields): Invalidation | undefined {
  const taskId = parsed(fields.get('task_id'), parseTaskId);
  const phase = PHASES.find((known): known is Phase => known === fields.get('phase'));
  const mode = MODES.find((known): known is Mode => known === fields.get('mode'));
  const version = parseVersion(fields.get('version'));
  const generation = parseVersion(fields.get('generation'));
  const session = fields.get('session_id');
  const sessionId = session === null ? null : parsed(session, parseSessionId);
  const model = fields.get('model');
  if (taskId === undefined || phase === undefined || mode === undefined || version === undefined) return undefined;
  if (generation === undefined || sessionId === undefined) return undefined;
  if (model !== null && typeof model !== 'string') return undefined;
  const born = parseGeneration(generation);
  return born === undefined
    ? undefined
    : { slot: { taskId, phase, mode }, version, generation: born, sessionId, model };
}

const parsed = <Id>(value: unknown, parse: (text: string) => Id | undefined): Id | undefined =>
  typeof value === 'string' ? parse(value) : undefined;

const parseVersion = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : undefined;
