import type { Call } from '../journal/journal-line.ts';
import { addTo, bucketOf, packed } from './histogram.ts';
import type { ResultWindow, Series } from './result.ts';

type Times = Map<number, number>;
type Counted = {
  ok: number;
  refused: number;
  unknown: number;
  shed: number;
  /** Separate from refused calls: a fast refusal must not help to keep a latency limit. */
  readonly okTimes: Times;
  readonly refusedTimes: Times;
};

/** Codes of responses with which the service sheds load: it did nothing. */
const SHED: ReadonlySet<string> = new Set(['overloaded', 'rate_limited', 'too_many_open_answers']);

export const isShed = ({ code, status }: Pick<Call, 'code' | 'status'>): boolean =>
  (status === 503 || status === 429) && code !== undefined && SHED.has(code);

/** Codes that are the expected response to a start that is sent to learn what must be confirmed. */
const QUESTIONS: ReadonlySet<string> = new Set(['replace_confirmation_required', 'keep_or_replace_required']);

const outcomeOf = ({ name, outcome, code }: Call): Call['outcome'] =>
  name === 'question' && outcome === 'refused' && code !== undefined && QUESTIONS.has(code) ? 'ok' : outcome;

/**
 * Counts calls by operation, arm and the window in which they were sent. Memory use does not grow with the number of
 * calls.
 */
export function createCallCounter(windows: readonly ResultWindow[]) {
  const bySeries = new Map<string, { readonly name: string; readonly arm: Call['arm']; readonly counted: Counted[] }>();
  const windowOf = createWindowFinder(windows);
  const take = (call: Call) => {
    const key = `${call.arm} ${call.name}`;
    let series = bySeries.get(key);
    if (series === undefined) {
      series = { name: call.name, arm: call.arm, counted: windows.map(nothing) };
      bySeries.set(key, series);
    }
    const into = series.counted[windowOf(call.at)];
    if (into === undefined) return;
    if (isShed(call)) {
      into.shed += 1;
      return;
    }
    const outcome = outcomeOf(call);
    into[outcome] += 1;
    if (outcome === 'unknown') return;
    addTo(outcome === 'ok' ? into.okTimes : into.refusedTimes, bucketOf(call.until - call.at));
  };
  const series = (): Series[] =>
    [...bySeries.values()]
      .toSorted((one, other) => one.name.localeCompare(other.name) || one.arm.localeCompare(other.arm))
      .map(({ name, arm, counted }) => ({
        name,
        arm,
        windows: counted.map(({ okTimes, refusedTimes, ...rest }) => ({
          ...rest,
          okTimes: packed(okTimes),
          refusedTimes: packed(refusedTimes),
        })),
      }));
  return { take, series };
}

const nothing = (): Counted => ({
  ok: 0,
  refused: 0,
  unknown: 0,
  shed: 0,
  okTimes: new Map(),
  refusedTimes: new Map(),
});

/**
 * Returns a function that finds the index of the window of a time; times before the first or after the last window get
 * that window.
 */
export function createWindowFinder(windows: readonly ResultWindow[]): (at: number) => number {
  return (at) => {
    let low = 0;
    let high = windows.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((windows[middle]?.from ?? Infinity) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  };
}
