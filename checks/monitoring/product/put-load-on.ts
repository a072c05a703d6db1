import { setTimeout as pause } from 'node:timers/promises';
import { ApiProblem, type Client, createClient } from '@phaselock/contract';
import type { Product } from './open-product.ts';

const SONNET = { agent: 'claude-code', model: 'claude-sonnet-4-5' } as const;
const OPUS = { agent: 'claude-code', model: 'claude-opus-4-5' } as const;
const ANSWER_WITHIN_MS = 5_000;

export type Load = AsyncDisposable & { readonly answered: () => number };

/** Users who start, are asked, confirm, take turns, rate and delete, each at tasks of its own, until this is disposed of. */
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
      if (client === undefined) throw new Error('there is nobody to ask');
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
  // The same again finds it, another model is a question, and a task nobody knows is an error.
  await (await next()).startSession({ body: { ...slot, model: SONNET } });
  await refused((await next()).startSession({ body: { ...slot, model: OPUS } }));
  await refused((await next()).startSession({ body: { ...slot, taskId: crypto.randomUUID(), model: OPUS } }));
  const { id: sessionId, generation } = first.session;
  await takeTurn(next, { sessionId, generation, attemptId: attempt.id });
  await (await next()).giveFeedback({ params: { sessionId }, body: { rating: Math.random() < 0.2 ? 'bad' : 'good' } });
  const confirm = { kind: 'replace', shown: { sessionId, generation } } as const;
  const { body: second } = await (await next()).startSession({ body: { ...slot, model: OPUS, confirm } });
  // What was shown is there no more.
  await refused((await next()).startSession({ body: { ...slot, model: SONNET, confirm } }));
  await (await next()).latestSession({ params: { taskId: task.id }, query: { phase: 'run' } });
  await (await next()).listSessions({ query: { taskId: task.id } });
  const replaced = { sessionId: second.session.id, generation: second.session.generation, attemptId: attempt.id };
  await takeTurn(next, replaced);
  // The old runner writes once more.
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

/** The answer that is expected is a refusal. */
async function refused(call: Promise<unknown>): Promise<void> {
  await call.catch((error: unknown) => {
    if (!(error instanceof ApiProblem) || error.status >= 500) throw error;
  });
}
