import { setTimeout as pause } from 'node:timers/promises';
import { ApiProblem, type Client, createClient } from '@phaselock/contract';
import { createPatientFetch } from '../../../../chaos/clients/patient-fetch.ts';

const OF_A_REQUEST_MS = 8_000;
const SONNET = { agent: 'claude-code', model: 'claude-sonnet-4-5' } as const;
const OPUS = { agent: 'claude-code', model: 'claude-opus-4-5' } as const;

export type Load = AsyncDisposable & {
  readonly answered: () => number;
  readonly failed: () => number;
};

/**
 * `all`: each task from its first start to a turn of the session that replaced the first. The others repeat one
 * operation.
 */
type Way = 'all' | 'create' | 'replace';

export type LoadOptions = {
  /** The API processes. Each call goes to the next one, as behind a load balancer. */
  readonly urls: readonly string[];
  readonly key: string | undefined;
  readonly users: number;
  /** The pause between two calls of a user. */
  readonly pauseMs: number;
  readonly way?: Way;
  /** The slot whose session all users replace. By default each user has a slot. */
  readonly at?: Known;
};

type Ask = <Answer>(call: (client: Client) => Promise<Answer>) => Promise<Answer | undefined>;

/** Simulates users who continue after failures, with the last session they know. */
export async function putLoadOn({ urls, key, users, pauseMs, way = 'all', at }: LoadOptions): Promise<Load> {
  const send = createPatientFetch(OF_A_REQUEST_MS);
  const clients = urls.map((baseUrl) => createClient({ baseUrl, fetch: send, ...(key !== undefined && { key }) }));
  const ending = new AbortController();
  let [answered, failed, turn] = [0, 0, 0];
  const ask: Ask = async (call) => {
    await pause(pauseMs, undefined, { signal: ending.signal });
    turn += 1;
    const client = clients[turn % clients.length];
    if (client === undefined) throw new Error('there is no API process');
    try {
      const answer = await call(client);
      answered += 1;
      return answer;
    } catch (error) {
      // A refusal counts as an answer. A 5xx or a lost connection counts as failed.
      if (error instanceof ApiProblem && error.status < 500) answered += 1;
      else failed += 1;
      return undefined;
    }
  };
  const working = Array.from({ length: users }, async () => {
    const user = aUser(ask, at);
    while (!ending.signal.aborted) await user[way]().catch(() => undefined);
  });
  return {
    answered: () => answered,
    failed: () => failed,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await Promise.all(working);
      send.close();
    },
  };
}

type Slot = { readonly taskId: string; readonly phase: 'run'; readonly mode: 'standard' };
type Shown = { readonly sessionId: string; readonly generation: number };
export type Known = { readonly slot: Slot; readonly attemptId: string; shown: Shown };

function aUser(ask: Ask, at?: Known): Readonly<Record<Way, () => Promise<void>>> {
  let projectId: string | undefined;
  let known = at;

  const create = async (): Promise<void> => {
    projectId ??= (await ask((client) => client.createProject({ body: { name: 'load' } })))?.body.id;
    if (projectId === undefined) return;
    const project = projectId;
    const task = await ask((client) => client.createTask({ body: { projectId: project, title: 'a task' } }));
    if (task === undefined) return;
    const { id: taskId } = task.body;
    const attempt = await ask((client) => client.createAttempt({ body: { taskId, branch: 'attempt/1' } }));
    const slot = { taskId, phase: 'run', mode: 'standard' } as const;
    const started = await ask((client) => client.startSession({ body: { ...slot, model: SONNET } }));
    if (attempt === undefined || started === undefined) return;
    const { id: sessionId, generation } = started.body.session;
    known = { slot, attemptId: attempt.body.id, shown: { sessionId, generation } };
  };

  const replace = async (): Promise<void> => {
    if (known === undefined) return await create();
    const { slot, shown } = known;
    const model = shown.generation % 2 === 1 ? OPUS : SONNET;
    const confirm = { kind: 'replace', shown } as const;
    const replaced = await ask((client) => client.startSession({ body: { ...slot, model, confirm } }));
    if (replaced === undefined) return;
    const { id: sessionId, generation } = replaced.body.session;
    known.shown = { sessionId, generation };
  };

  const takeTurn = async (): Promise<void> => {
    if (known === undefined) return;
    const { attemptId, shown } = known;
    const { sessionId, generation } = shown;
    const turn = await ask((client) => client.startTurn({ params: { sessionId }, body: { generation, attemptId } }));
    if (turn === undefined) return;
    const params = { sessionId, processId: turn.body.processId };
    const body = { generation, ending: 'completed', agentSessionId: crypto.randomUUID() } as const;
    await ask((client) => client.finishTurn({ params, body }));
  };

  const all = async (): Promise<void> => {
    await create();
    await takeTurn();
    if (known === undefined) return;
    const { slot } = known;
    await ask((client) => client.latestSession({ params: { taskId: slot.taskId }, query: { phase: 'run' } }));
    // A start with another model than that of the live session is answered with a question.
    await ask((client) => client.startSession({ body: { ...slot, model: OPUS } }));
    await replace();
    await takeTurn();
  };
  return { all, create, replace };
}

/** Starts a session in a new slot. */
export async function aLiveSession(url: string, key: string): Promise<Known> {
  const client = createClient({ baseUrl: url, key });
  const { body: project } = await client.createProject({ body: { name: 'one slot' } });
  const { body: task } = await client.createTask({ body: { projectId: project.id, title: 'a task' } });
  const { body: attempt } = await client.createAttempt({ body: { taskId: task.id, branch: 'attempt/1' } });
  const slot = { taskId: task.id, phase: 'run', mode: 'standard' } as const;
  const { body: started } = await client.startSession({ body: { ...slot, model: SONNET } });
  const { id: sessionId, generation } = started.session;
  return { slot, attemptId: attempt.id, shown: { sessionId, generation } };
}
