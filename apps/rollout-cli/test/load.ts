import { setTimeout as sleep } from 'node:timers/promises';
import { bucketOf } from '@phaselock/rollout';

type Answered = {
  readonly user: string;
  readonly url: string;
  readonly sentAt: number;
  readonly answeredAt: number;
  readonly status: number;
  /** The outcome of a start, or the code of its problem. */
  readonly outcome: string;
};

export type Load = AsyncDisposable & {
  readonly answers: readonly Answered[];
  /** The API processes that get requests, without those that are stopped. */
  urls: readonly string[];
};

const MODELS = ['claude-sonnet-4-5', 'claude-opus-4-5'] as const;
const FLAG = { flag: 'single_session_guard', salt: '1' };
const PAUSE_MS = 150;

/** Names of users whose buckets are between two percentages. */
export function usersBetween(from: number, to: number, many: number): string[] {
  const found: string[] = [];
  for (let number = 0; found.length < many; number += 1) {
    const bucket = bucketOf(FLAG, `user-${number}`);
    if (bucket >= from * 100 && bucket < to * 100) found.push(`user-${number}`);
  }
  return found;
}

type Users = { readonly users: readonly { readonly user: string; readonly taskId: string }[]; readonly key: string };

/** Simulates users who change the model again and again, each on an own task, and confirm the replacement. */
export function startLoad({ users, key }: Users, urls: readonly string[]): Load {
  const answers: Answered[] = [];
  const stopping = new AbortController();
  const load: Load = {
    answers,
    urls,
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await Promise.all(working);
    },
  };
  const start = async (turn: number, user: string, body: object): Promise<unknown> => {
    const sentAt = Date.now();
    const url = load.urls[turn % load.urls.length] ?? '';
    try {
      const response = await fetch(`${url}/v1/sessions`, {
        method: 'POST',
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...body, onBehalfOf: user }),
        signal: AbortSignal.timeout(5_000),
      });
      const answer: unknown = await response.json();
      const outcome = textIn(answer, 'outcome') ?? textIn(answer, 'code') ?? 'none';
      answers.push({ user, url, sentAt, answeredAt: Date.now(), status: response.status, outcome });
      return answer;
    } catch {
      // A killed process does not answer.
      return undefined;
    }
  };
  const work = async ({ user, taskId }: Users['users'][number], index: number): Promise<void> => {
    for (let turn = index; !stopping.signal.aborted; turn += 1) {
      const slot = { taskId, phase: 'run', model: { agent: 'claude-code', model: MODELS[turn % 2] } };
      const asked = await start(turn, user, slot);
      const confirm = typeof asked === 'object' && asked !== null ? Reflect.get(asked, 'confirm') : undefined;
      if (confirm !== undefined) await start(turn, user, { ...slot, confirm });
      await sleep(PAUSE_MS, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const working = users.map(work);
  return load;
}

function textIn(answer: unknown, name: string): string | undefined {
  const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : undefined;
  return typeof value === 'string' ? value : undefined;
}
