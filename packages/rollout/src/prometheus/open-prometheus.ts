import { readFile } from 'node:fs/promises';
import { redactText } from '@phaselock/telemetry';
import type { PrometheusBounds } from '../stages/stages.ts';
import type { Answer, Prometheus, RefusedWhy } from './prometheus.ts';
import { readAnswer } from './read-answer.ts';

export type PrometheusOptions = {
  /** Such as http://127.0.0.1:9090, or with the path it is served under. */
  readonly url: string;
  /** A file with a bearer token; read for each query, so that it can be changed. */
  readonly tokenFile?: string | undefined;
  readonly bounds: Pick<PrometheusBounds, 'timeoutMs' | 'largestAnswerBytes'>;
};

/** A Prometheus over HTTP. It never rejects: a failure is returned as a refusal. */
export function openPrometheus({ url, tokenFile, bounds }: PrometheusOptions): Prometheus {
  const endpoint = new URL('api/v1/query', url.endsWith('/') ? url : `${url}/`);
  const ask = async (query: string, at: number, expected: 'matrix' | 'vector'): Promise<Answer> =>
    withoutSecrets(await answered(query, at, expected));
  const answered = async (query: string, at: number, expected: 'matrix' | 'vector'): Promise<Answer> => {
    try {
      const token = tokenFile === undefined ? null : (await readFile(tokenFile, 'utf8')).trim();
      const response = await fetch(endpoint, {
        method: 'POST',
        body: new URLSearchParams({ query, time: (at / 1_000).toFixed(3), timeout: `${bounds.timeoutMs}ms` }),
        headers: token === null ? {} : { authorization: `Bearer ${token}` },
        // A redirect must not receive the token.
        redirect: 'error',
        signal: AbortSignal.timeout(bounds.timeoutMs),
      });
      const text = await textWithin(response, bounds.largestAnswerBytes);
      if (text === null) return refused('too_large', `the answer is larger than ${bounds.largestAnswerBytes} bytes`);
      if (!response.ok) return refused('http_error', `HTTP ${response.status}: ${redactText(text).slice(0, 200)}`);
      return readAnswer(text, expected);
    } catch (error) {
      return refusalOf(error, bounds.timeoutMs);
    }
  };
  return {
    instant: (query, at) => ask(query, at, 'vector'),
    raw: async (selector, from, to) => {
      const answer = await ask(`${selector}[${to - from}ms]`, to, 'matrix');
      if (answer.kind === 'refused') return answer;
      // Prometheus 2 also returns a sample exactly at the start of the range, Prometheus 3 does not.
      const series = answer.series.map(({ labels, samples }) => ({
        labels,
        samples: samples.filter(({ at }) => at > from),
      }));
      return { kind: 'series', series: series.filter(({ samples }) => samples.length > 0) };
    },
  };
}

/**
 * Removes secrets: a failure is stored permanently as the reason of a hold, and a server may return what it was sent.
 */
const withoutSecrets = (answer: Answer): Answer =>
  answer.kind === 'refused' ? { ...answer, detail: redactText(answer.detail) } : answer;

const refused = (why: RefusedWhy, detail: string): Answer => ({ kind: 'refused', why, detail });

function refusalOf(error: unknown, timeoutMs: number): Answer {
  if (error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError'))
    return refused('timeout', `no answer within ${timeoutMs} ms`);
  if (!(error instanceof Error)) return refused('unreachable', String(error));
  return refused('unreachable', error.cause instanceof Error ? error.cause.message : error.message);
}

/** Returns the body as text; null if it is longer than `most`. */
async function textWithin({ body }: Response, most: number): Promise<string | null> {
  if (body === null) return '';
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > most) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}
