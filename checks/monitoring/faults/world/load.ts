import { setTimeout as pause } from 'node:timers/promises';
import { createClient, type Client } from '@phaselock/contract';
import { createPatientFetch } from '../../../../chaos/clients/patient-fetch.ts';

const OF_A_REQUEST_MS = 8_000;
const SONNET = { agent: 'claude-code', model: 'claude-sonnet-4-5' } as const;
const OPUS = { agent: 'claude-code', model: 'claude-opus-4-5' } as const;

export type Load = AsyncDisposable & {
  readonly answered: () => number;
  readonly failed: () => number;
};

export type LoadOptions = {
  /** Of the processes a balancer knows: each call goes to the next one. */
  readonly urls: readonly string[];
  readonly key: string;
  readonly users: number;
  /** Between two calls of a user. */
  readonly pauseMs: number;
};

/** Users who go on whatever happens: each works on one task after another, with a question and a replacement in it. */
export async function putLoadOn({ urls, key, users, pauseMs }: LoadOptions): Promise<Load> {
  const send = createPatientFetch(OF_A_REQUEST_MS);
  const clients = urls.map((baseUrl) => createClient({ baseUrl, key, fetch: send }));
  const ending = new AbortController();
  let [answered, failed, turn] = [0, 0, 0];
  const next = (): Client => {
    turn += 1;
    const client = clients[turn % clients.length];
    if (client === undefined) throw new Error('there is no process to ask');
    return client;
  };
  const ask = async <Answer>(call: (client: Client) => Promise<Answer>): Promise<Answer> => {
    await pause(pauseMs, undefined, { signal: ending.signal });
    try {
      const answer = await call(next());
      answered += 1;
      return answer;
    } catch (error) {
      failed += 1;
      throw error;
    }
  };
  const user = async (): Promise<void> => {
    let projectId: string | undefined;
    while (!ending.signal.aborted) {
      try {
        projectId ??= (await ask((client) => client.createProject({ body: { name: 'load' } }))).body.id;
        await workOnTask(ask, projectId);
      } catch {
        // Refused or not answered: that is what is counted elsewhere.
      }
    }
  };
  const working = Array.from({ length: users }, user);
  return {
    answered: () => answered,
    failed: () => failed,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await Promise.allSettled(working);
      send.close();
    },
  };
}

type Ask = <Answer>(call: (client: Client) => Promise<Answer>) => Promise<Answer>;

async function workOnTask(ask: Ask, projectId: string): Promise<void> {
  const { body: task } = await ask((client) => client.createTask({ body: { projectId, title: 'a task' } }));
  const slot = { taskId: task.id, phase: 'run', mode: 'standard' } as const;
  const { body: attempt } = await ask((client) =>
    client.createAttempt({ body: { taskId: task.id, branch: 'attempt/1' } }),
  );
  const { body: first } = await ask((client) => client.startSession({ body: { ...slot, model: SONNET } }));
  await ask((client) => client.latestSession({ params: { taskId: task.id }, query: { phase: 'run' } }));
  await runTurn(ask, first.session, attempt.id);
  // Another model is a question, and no failure.
  await ask((client) => client.startSession({ body: { ...slot, model: OPUS } }).catch(() => undefined));
  const { id: sessionId, generation } = first.session;
  const confirm = { kind: 'replace', shown: { sessionId, generation } } as const;
  const { body: second } = await ask((client) => client.startSession({ body: { ...slot, model: OPUS, confirm } }));
  await ask((client) => client.startSession({ body: { ...slot, model: OPUS } }));
  await runTurn(ask, second.session, attempt.id);
}

type Live = { readonly id: string; readonly generation: number };

async function runTurn(ask: Ask, { id: sessionId, generation }: Live, attemptId: string): Promise<void> {
  const { body: turn } = await ask((client) =>
    client.startTurn({ params: { sessionId }, body: { generation, attemptId } }),
  );
  await ask((client) =>
    client.finishTurn({
      params: { sessionId, processId: turn.processId },
      body: { generation, ending: 'completed', exitCode: 0, agentSessionId: crypto.randomUUID() },
    }),
  );
}
