import { z } from 'zod';
import type { Answer, Sample, Series } from './prometheus.ts';

/**
 * Schemas of the responses of the Prometheus HTTP API. The schema of the data is strict, because promotions depend on
 * the data: any other shape is refused.
 */
const pair = z.tuple([z.number(), z.string()]);
const labels = z.record(z.string(), z.string());
// The counts of native histograms are estimates. They come under the key `histograms`, which strict objects refuse.
const matrix = z.strictObject({
  resultType: z.literal('matrix'),
  result: z.array(z.strictObject({ metric: labels, values: z.array(pair) })),
});
const vector = z.strictObject({
  resultType: z.literal('vector'),
  result: z.array(z.strictObject({ metric: labels, value: pair })),
});
const answered = z.object({
  status: z.literal('success'),
  data: z.discriminatedUnion('resultType', [matrix, vector]),
  warnings: z.array(z.string()).optional(),
});

const refused = (why: 'unreadable' | 'partial', detail: string): Answer => ({ kind: 'refused', why, detail });

/** Reads a response with the expected type of result. Warnings are a refusal, because the data may be incomplete. */
export function readAnswer(text: string, expected: 'matrix' | 'vector'): Answer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refused('unreadable', 'the answer is not JSON');
  }
  const parsed = answered.safeParse(json);
  if (!parsed.success) return refused('unreadable', z.prettifyError(parsed.error).split('\n').slice(0, 2).join(' '));
  const { data, warnings = [] } = parsed.data;
  if (warnings.length > 0) return refused('partial', `the answer has warnings: ${warnings.join('; ')}`);
  if (data.resultType !== expected)
    return refused('unreadable', `the answer is a ${data.resultType}, not a ${expected}`);
  const series =
    data.resultType === 'matrix'
      ? data.result.map(({ metric, values }): Series => ({ labels: metric, samples: values.map(sampleOf) }))
      : data.result.map(({ metric, value }): Series => ({ labels: metric, samples: [sampleOf(value)] }));
  return { kind: 'series', series };
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;

/**
 * Prometheus stores times in milliseconds and returns them in seconds, so they are rounded. An invalid number becomes
 * NaN, which no check accepts.
 */
const sampleOf = ([seconds, text]: readonly [number, string]): Sample => ({
  at: Math.round(seconds * 1_000),
  value: numberOf(text),
});

export function numberOf(text: string): number {
  if (text === '+Inf' || text === 'Inf') return Number.POSITIVE_INFINITY;
  if (text === '-Inf') return Number.NEGATIVE_INFINITY;
  return NUMBER.test(text) ? Number(text) : Number.NaN;
}
