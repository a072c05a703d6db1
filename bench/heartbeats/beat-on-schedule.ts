import { Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { percentile } from '../measure.ts';
import type { ServedApi } from '../serve-api.ts';
import type { RunningTurn } from './running-turns.ts';

export type Beaten = {
  readonly answered: number;
  /** Heartbeats that were not answered with `continue`. */
  readonly failed: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const CONNECTIONS = 256;
const STEP_MS = 10;

/**
 * Sends a heartbeat of each turn in every interval, evenly spread, however long the answers take. A latency counts from
 * the scheduled time.
 */
export async function beatOnSchedule(
  api: ServedApi,
  turns: readonly RunningTurn[],
  { intervalMs, seconds }: { readonly intervalMs: number; readonly seconds: number },
): Promise<Beaten> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const latencies: number[] = [];
  let failed = 0;
  const beat = async (turn: RunningTurn, scheduled: number): Promise<void> => {
    if (await isContinued(api, agent, turn)) latencies.push(performance.now() - scheduled);
    else failed += 1;
  };
  const began = performance.now();
  const total = Math.round((turns.length * seconds * 1_000) / intervalMs);
  const msBetween = (seconds * 1_000) / total;
  const sent: Promise<void>[] = [];
  while (sent.length < total) {
    for (const due = (performance.now() - began) / msBetween; sent.length < Math.min(due, total); ) {
      const turn = turns[sent.length % turns.length];
      if (turn !== undefined) sent.push(beat(turn, began + sent.length * msBetween));
    }
    await pause(STEP_MS);
  }
  await Promise.all(sent);
  agent.destroy();
  latencies.sort((one, other) => one - other);
  return {
    answered: latencies.length,
    failed,
    seconds: (performance.now() - began) / 1_000,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  };
}

async function isContinued({ url, key }: ServedApi, agent: Agent, turn: RunningTurn): Promise<boolean> {
  const body = JSON.stringify({ generation: turn.generation });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      const sending = request(
        `${url}/v1/sessions/${turn.sessionId}/processes/${turn.processId}/heartbeat`,
        {
          agent,
          method: 'POST',
          headers: {
            authorization: `Bearer ${key}`,
            'content-type': 'application/json',
            'content-length': body.length,
          },
        },
        (response) => text(response).then(resolve, reject),
      );
      sending.on('error', reject).end(body);
    });
    const read: unknown = JSON.parse(answer);
    return typeof read === 'object' && read !== null && 'outcome' in read && read.outcome === 'continue';
  } catch {
    return false;
  }
}
