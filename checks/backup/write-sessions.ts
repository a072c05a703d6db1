import { setTimeout as pause } from 'node:timers/promises';
import { ApiProblem, type Client } from '@phaselock/contract';

/** A session whose start the service confirmed. */
export type Acknowledged = { readonly session: string; readonly sentAt: number; readonly answeredAt: number };

export type Writing = {
  /** Calls that failed. Whether they had an effect is unknown. */
  readonly failures: readonly string[];
  /** Pauses replacements during `work`, because a purge run does not end while new sessions are soft-deleted. */
  withoutReplacing<Value>(work: () => Promise<Value>): Promise<Value>;
  stop(): Promise<void>;
};

const WRITERS = 2;
/** Short enough that a request is in flight at most times, but not a load test. */
const PAUSE_MS = 120;
const MODELS = ['claude-sonnet-4-5', 'claude-opus-4-5'] as const;

/** Starts and replaces sessions in new tasks until `stop`. Each confirmed session is added to `acknowledged`. */
export function startWriting(client: Client, projectId: string, acknowledged: Acknowledged[]): Writing {
  const failures: string[] = [];
  let stopped = false;
  let replacing = true;

  const start = async (taskId: string, model: string, predecessor?: { sessionId: string; generation: number }) => {
    const sentAt = Date.now();
    const { session } = (
      await client.startSession({
        body: {
          taskId,
          phase: 'run',
          model: { agent: 'claude-code', model },
          ...(predecessor && { confirm: { kind: 'replace' as const, shown: predecessor } }),
        },
      })
    ).body;
    acknowledged.push({ session: session.id, sentAt, answeredAt: Date.now() });
    return { sessionId: session.id, generation: session.generation };
  };
  const write = async () => {
    for (let count = 0; !stopped; count += 1) {
      try {
        const { id } = (await client.createTask({ body: { projectId, title: `task ${count}` } })).body;
        const first = await start(id, MODELS[0]);
        if (!stopped && replacing) await start(id, MODELS[1], first);
      } catch (error) {
        failures.push(error instanceof ApiProblem ? `${error.status} ${error.code}` : String(error));
      }
      await pause(PAUSE_MS);
    }
  };
  const writers = Array.from({ length: WRITERS }, write);
  return {
    failures,
    withoutReplacing: async (work) => {
      replacing = false;
      try {
        return await work();
      } finally {
        replacing = true;
      }
    },
    stop: async () => {
      stopped = true;
      await Promise.all(writers);
    },
  };
}
