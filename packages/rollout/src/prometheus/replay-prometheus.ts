import { parseSelector } from './parse-selector.ts';
import type { Answer, Prometheus, Series } from './prometheus.ts';
import { answerOf, type RecordingLine, sampleOf } from './recording.ts';

/** How far Prometheus looks back for an instant query. */
const LOOKBACK_MS = 300_000;

/** A Prometheus that answers from a recording, as it would have answered at that time. */
export function replayPrometheus(lines: readonly RecordingLine[]): Prometheus {
  const answers = new Map<string, Answer>();
  const all: Series[] = [];
  for (const line of lines) {
    if (line.kind === 'answer') answers.set(keyOf(line.query, line.from, line.to), answerOf(line.answer));
    else if (line.kind === 'series')
      all.push({ labels: line.labels, samples: line.samples.map(sampleOf).toSorted((a, b) => a.at - b.at) });
  }
  const select = (query: string, from: number, to: number): Answer => {
    if (answers.size > 0 && all.length === 0)
      return { kind: 'refused', why: 'unreadable', detail: 'the recording has no answer to this query at this time' };
    const matches = parseSelector(query);
    if (matches === null)
      return { kind: 'refused', why: 'unreadable', detail: 'a recording can only be queried with a selector' };
    const found = all
      .filter(({ labels }) => matches(labels))
      .map(({ labels, samples }) => ({ labels, samples: samples.filter(({ at }) => at > from && at <= to) }));
    return { kind: 'series', series: found.filter(({ samples }) => samples.length > 0) };
  };
  return {
    raw: async (selector, from, to) => answers.get(keyOf(selector, from, to)) ?? select(selector, from, to),
    instant: async (query, at) =>
      answers.get(keyOf(query, null, at)) ?? newestOnly(select(query, at - LOOKBACK_MS, at)),
  };
}

const keyOf = (query: string, from: number | null, to: number): string => JSON.stringify([query, from, to]);

function newestOnly(answer: Answer): Answer {
  if (answer.kind === 'refused') return answer;
  return {
    kind: 'series',
    series: answer.series.map(({ labels, samples }) => ({ labels, samples: samples.slice(-1) })),
  };
}
