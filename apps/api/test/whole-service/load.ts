import { ApiProblem, type Client, createClient } from '@phaselock/contract';

export type Acknowledged = { readonly taskId: string; readonly sessionId: string; readonly generation: number };

export type Load = {
  /** Every session creation that a client was told about. */
  readonly acknowledged: readonly Acknowledged[];
  /** The ids of all processes that a client was told about. */
  readonly turns: readonly string[];
  /** How often each error code occurred; `network` is a refused or broken connection. */
  readonly problems: ReadonlyMap<string, number>;
  stop(): Promise<void>;
};

type Under = {
  readonly url: string;
  readonly key: string;
  readonly taskIds: readonly string[];
  readonly clients: number;
  /** If there is one attempt per task, each client also starts and finishes a turn of the new session. */
  readonly attemptIds?: readonly string[];
};

const MODELS = ['claude-sonnet-4-5', 'claude-opus-4-5'] as const;

/** A connection that a killed process had in its queue gets no answer and is not closed. */
const PATIENCE_MS = 10_000;
const patient: typeof fetch = (input, init) => fetch(input, { ...init, signal: AbortSignal.timeout(PATIENCE_MS) });

/** Clients that replace sessions as fast as possible, each on its own tasks. */
export function putLoadOn({ url, key, taskIds, clients, attemptIds = [] }: Under): Load {
  const client = createClient({ baseUrl: url, key, fetch: patient });
  const acknowledged: Acknowledged[] = [];
  const turns: string[] = [];
  const problems = new Map<string, number>();
  let stopped = false;

  const run = async (number: number): Promise<void> => {
    const taskId = taskIds[number % taskIds.length];
    const attemptId = attemptIds[number % taskIds.length];
    if (taskId === undefined) return;
    for (let round = 0; !stopped; round += 1) {
      try {
        const born = await replaceOnce(client, taskId, MODELS[round % MODELS.length] ?? MODELS[0]);
        acknowledged.push(born);
        if (attemptId !== undefined) turns.push(await turnOnce(client, born, attemptId));
      } catch (error) {
        const code = error instanceof ApiProblem ? error.code : 'network';
        problems.set(code, (problems.get(code) ?? 0) + 1);
        if (code === 'network') await new Promise((resolve) => setImmediate(resolve));
      }
    }
  };
  const running = Promise.all(Array.from({ length: clients }, (_, number) => run(number)));
  return {
    acknowledged,
    turns,
    problems,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

async function replaceOnce(client: Client, taskId: string, model: string): Promise<Acknowledged> {
  const asking = { taskId, phase: 'run', model: { agent: 'claude-code', model } };
  try {
    const { body } = await client.startSession({ body: asking });
    return { taskId, sessionId: body.session.id, generation: body.session.generation };
  } catch (error) {
    const confirm = error instanceof ApiProblem ? error.problem.confirm : undefined;
    if (confirm === undefined) throw error;
    const { body } = await client.startSession({ body: { ...asking, confirm } });
    return { taskId, sessionId: body.session.id, generation: body.session.generation };
  }
}

async function turnOnce(client: Client, { sessionId, generation }: Acknowledged, attemptId: string): Promise<string> {
  const { body } = await client.startTurn({ params: { sessionId }, body: { generation, attemptId } });
  const { processId } = body;
  await client.finishTurn({
    params: { sessionId, processId },
    body: { generation, ending: 'completed', exitCode: 0, agentSessionId: sessionId },
  });
  return processId;
}
