import { z } from 'zod';
import type { Answer } from './prometheus.ts';
import { numberOf } from './read-answer.ts';

/**
 * A recording is lines of JSON, of three kinds. `series` is a series with its samples, written by a person or a
 * program; any selector can find it. `answer` is the answer to one query, written by {@link recordPrometheus}; it takes
 * precedence for exactly this query. `bake` is the state in the database that was judged with these answers. Times are
 * in milliseconds. A value is a number, or the text "NaN", "+Inf" or "-Inf", which JSON cannot represent as a number.
 */
const value = z.union([z.number(), z.enum(['NaN', '+Inf', '-Inf'])]);
const series = z.strictObject({
  labels: z.record(z.string(), z.string()),
  samples: z.array(z.tuple([z.int(), value])),
});
const REFUSALS = ['unreachable', 'timeout', 'http_error', 'unreadable', 'too_large', 'partial'] as const;
const answer = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('series'), series: z.array(series) }),
  z.strictObject({ kind: z.literal('refused'), why: z.enum(REFUSALS), detail: z.string() }),
]);
const line = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('series'), ...series.shape }),
  z.strictObject({
    kind: z.literal('answer'),
    /** Null for an instant query. */
    from: z.int().nullable(),
    to: z.int(),
    query: z.string(),
    answer,
  }),
  z.strictObject({
    kind: z.literal('bake'),
    flag: z.string(),
    stage: z.int(),
    percent: z.number(),
    version: z.int(),
    from: z.int(),
    to: z.int(),
    expectedInstances: z.int().nullable(),
  }),
]);

export type RecordedBake = Extract<z.infer<typeof line>, { kind: 'bake' }>;
export type RecordingLine = z.infer<typeof line>;
type Recorded = z.infer<typeof answer>;

export class RecordingMistake extends Error {
  override readonly name = 'RecordingMistake';
}

export function readRecording(text: string): RecordingLine[] {
  return text.split('\n').flatMap((written, index) => {
    if (written.trim() === '') return [];
    let json: unknown;
    try {
      json = JSON.parse(written);
    } catch {
      throw new RecordingMistake(`line ${index + 1} of the recording is not JSON`);
    }
    const parsed = line.safeParse(json);
    if (parsed.success) return [parsed.data];
    throw new RecordingMistake(`line ${index + 1} of the recording: ${z.prettifyError(parsed.error)}`);
  });
}

export const recordedAnswer = (given: Answer): Recorded =>
  given.kind === 'refused'
    ? given
    : {
        kind: 'series',
        series: given.series.map(({ labels, samples }) => ({
          labels,
          samples: samples.map(({ at, value: found }) => [at, writtenValue(found)]),
        })),
      };

export const answerOf = (recorded: Recorded): Answer =>
  recorded.kind === 'refused'
    ? recorded
    : {
        kind: 'series',
        series: recorded.series.map(({ labels, samples }) => ({ labels, samples: samples.map(sampleOf) })),
      };

export const sampleOf = ([at, written]: readonly [number, z.infer<typeof value>]): { at: number; value: number } => ({
  at,
  value: typeof written === 'number' ? written : numberOf(written),
});

function writtenValue(found: number): z.infer<typeof value> {
  if (Number.isFinite(found)) return found;
  if (Number.isNaN(found)) return 'NaN';
  return found > 0 ? '+Inf' : '-Inf';
}
