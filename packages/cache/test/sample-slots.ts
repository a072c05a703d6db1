import {
  type Generation,
  parseGeneration,
  parseSessionId,
  parseTaskId,
  type SessionId,
  type SlotKey,
  type SlotState,
  type TaskId,
} from '@phaselock/core';
import type { Invalidation } from '../src/invalidation-message.ts';

const hex = (number: number): string => number.toString(16).padStart(12, '0');

function must<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('The sample is not valid.');
  return value;
}

const taskId = (number: number): TaskId => must(parseTaskId(`019aa001-0000-7000-8000-${hex(number)}`));
const sessionId = (number: number): SessionId => must(parseSessionId(`019aa002-0000-7000-8000-${hex(number)}`));
const generation = (number: number): Generation => must(parseGeneration(number));

export const sampleSlot = (number = 1): SlotKey => ({ taskId: taskId(number), phase: 'run', mode: 'standard' });

export const sampleInvalidation = (version: number, slot = sampleSlot()): Invalidation => ({
  slot,
  version,
  generation: generation(version),
  sessionId: sessionId(version),
  model: 'claude-opus-4-5',
});

export const sampleState = (version: number): SlotState => ({
  version,
  generation: generation(version),
  live: {
    id: sessionId(version),
    generation: generation(version),
    identity: {
      agent: 'claude-code',
      variant: null,
      model: 'opus',
      resolvedModel: 'claude-opus-4-5',
      parameters: { reasoning_effort: 'high', budget: 3, fast: true, x: null },
    },
    status: 'running',
    guarded: true,
    modelMissing: false,
  },
});
