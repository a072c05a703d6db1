import { setTimeout as pause } from 'node:timers/promises';
import { ApiProblem, type Client, createClient } from '@phaselock/contract';
import type { Product } from './open-product.ts';

const SONNET = { agent: 'claude-code', model: 'claude-sonnet-4-5' } as const;
const OPUS = { agent: 'claude-code', model: 'claude-opus-4-5' } as const;
const ANSWER_WITHIN_MS = 5_000;

export type Load = AsyncDisposable & { readonly answered: () => number };

/**
 * Simulates users who start, replace, rate and delete sessions and take turns, each at separate tasks, until the result
 * is disposed of.
 */
export function putLoadOn(
  { urls, key }: Product,
  { users, pauseMs }: { readonly users: number; readonly pauseMs: number },
): Load {
  const ending = new AbortController();
  let answered = 0;
  let calls = 0;
  const clients = urls.map((baseUrl) =>
    createClient({
      baseUrl,
      key,
      fetch: async (url, init) => {
        const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
        answered += 1;
        return answer;
      },
    }),
  );
  const working = Array.from({ length: users }, async (_, index) => {
    const next = async (): Promise<Client> => {
      await pause(pauseMs, undefined, { signal: ending.signal });
      const client = clients[calls++ % clients.length];
      if (client === undefined) throw new Error('there is no API process');
      return client;
    };
    while (!ending.signal.aborted) await workAtTask(next, `user-${index}`).catch(() => undefined);
  });
  return {
    answered: () => answered,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await Promise.all(working);
    },
  };
}

async function workAtTask(next: () => Promise<Client>, onBehalfOf: string): Promise<void> {
  const { body: project } = await (await next()).createProject({ body: { name: 'load' } });
  const { body: task } = await (await next()).createTask({ body: { projectId: project.id, title: 'a task' } });
  const { body: attempt } = await (await next()).createAttempt({ body: { taskId: task.id, branch: 'attempt/1' } });
  const slot = { taskId: task.id, phase: 'run', onBehalfOf } as const;
  const { body: first } = await (await next()).startSession({ body: { ...slot, model: SONNET } });
  // The same start again finds the session, another model causes a question, and an unknown task is an error.
  await (await next()).startSession({ body: { ...slot, model: SONNET } });
  await refused((await next()).startSession({ body: { ...slot, model: OPUS } }));
  await refused((await next()).startSession({ body: { ...slot, taskId: crypto.randomUUID(), model: OPUS } }));
  const { id: sessionId, generation } = first.session;
  await takeTurn(next, { sessionId, generation, attemptId: attempt.id });
  await (await next()).giveFeedback({ params: { sessionId }, body: { rating: Math.random() < 0.2 ? 'bad' : 'good' } });
  const confirm = { kind: 'replace', shown: { sessionId, generation } } as const;
  const { body: second } = await (await next()).startSession({ body: { ...slot, model: OPUS, confirm } });
  // This confirmation names a session that has been replaced.
  await refused((await next()).startSession({ body: { ...slot, model: SONNET, confirm } }));
  await (await next()).latestSession({ params: { taskId: task.id }, query: { phase: 'run' } });
  await (await next()).listSessions({ query: { taskId: task.id } });
  const replaced = { sessionId: second.session.id, generation: second.session.generation, attemptId: attempt.id };
  await takeTurn(next, replaced);
  // The runner of the replaced session writes once more.
  await refused((await next()).startTurn({ params: { sessionId }, body: { generation, attemptId: attempt.id } }));
  await (await next()).deleteSession({ params: { sessionId: replaced.sessionId } });
}

type Taken = { readonly sessionId: string; readonly generation: number; readonly attemptId: string };

async function takeTurn(next: () => Promise<Client>, { sessionId, generation, attemptId }: Taken): Promise<void> {
  const { body: turn } = await (await next()).startTurn({ params: { sessionId }, body: { generation, attemptId } });
  const params = { sessionId, processId: turn.processId };
  await (await next()).heartbeat({ params, body: { generation } });
  const body = { generation, ending: 'completed', agentSessionId: crypto.randomUUID() } as const;
  await (await next()).finishTurn({ params, body });
}

/** Waits for a call that is expected to be refused. Other errors are thrown. */
async function refused(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof ApiProblem) || error.status >= 500) throw error;
  });
}
