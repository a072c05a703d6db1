import type { TaskId } from '@phaselock/core';
import { MODELS } from './bench-world.ts';
import type { HttpClient } from './http-load.ts';

/** A client that repeats the same GET request. */
export const reading = (path: string) => (): HttpClient => ({
  next: () => ({ method: 'GET', path }),
  answered: ({ status }) => status === 200,
});

/**
 * A client that replaces the session again and again: it switches between two models and confirms the session it was
 * last shown.
 */
export function replacing(taskId: TaskId): HttpClient {
  let turn = 0;
  let confirm: unknown;
  return {
    next: () => {
      const model = { agent: 'claude-code', model: MODELS[turn % 2] };
      return { method: 'POST', path: '/v1/sessions', body: JSON.stringify({ taskId, phase: 'run', model, confirm }) };
    },
    answered: ({ status, body }) => {
      const answer: { confirm?: unknown; session?: { id: string; generation: number } } = JSON.parse(body);
      if (status === 409) confirm = answer.confirm;
      if (status >= 300 || answer.session === undefined) return false;
      const { id: sessionId, generation } = answer.session;
      confirm = { kind: 'replace', shown: { sessionId, generation } };
      turn += 1;
      return status === 201;
    },
  };
}
