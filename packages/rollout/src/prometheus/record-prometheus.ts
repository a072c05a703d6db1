import type { Answer, Prometheus } from './prometheus.ts';
import { type RecordingLine, recordedAnswer } from './recording.ts';

/** Forwards each query and records it with its answer, so that the decision can be repeated. */
export function recordPrometheus(prometheus: Prometheus, write: (line: RecordingLine) => void): Prometheus {
  const noted = async (query: string, from: number | null, to: number, asked: Promise<Answer>): Promise<Answer> => {
    const given = await asked;
    write({ kind: 'answer', from, to, query, answer: recordedAnswer(given) });
    return given;
  };
  return {
    raw: (selector, from, to) => noted(selector, from, to, prometheus.raw(selector, from, to)),
    instant: (query, at) => noted(query, null, at, prometheus.instant(query, at)),
  };
}
