import type { Call } from '../journal/journal-line.ts';
import { addTo, bucketOf, packed } from './histogram.ts';
import type { ResultWindow, Series } from './result.ts';

type Times = Map<number, number>;
type Counted = {
  ok: number;
  refused: number;
  unknown: number;
  shed: number;
  /** Apart, as a call that is refused at once must not help to keep a limit of latency. */
  readonly okTimes: Times;
  readonly refusedTimes: Times;
};

/** Answers that say the service did nothing because it was asked too much. */
const SHED: ReadonlySet<string> = new Set(['overloaded', 'rate_limited', 'too_many_open_answers']);

export const isShed = ({ code, status }: Pick<Call, 'code' | 'status'>): boolean =>
  (status === 503 || status === 429) && code !== undefined && SHED.has(code);

/** A start that is sent to learn what has to be confirmed is answered by these as it was meant to be. */
const QUESTIONS: ReadonlySet<string> = new Set(['replace_confirmation_required', 'keep_or_replace_required']);

const outcomeOf = ({ name, outcome, code }: Call): Call['outcome'] =>
  name === 'question' && outcome === 'refused' && code !== undefined && QUESTIONS.has(code) ? 'ok' : outcome;

/** Counts calls by operation, arm and the window in which they were sent. What is held does not grow with their number. */
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

/** The number of the window in which a moment is; the first or the last for what is before or after all. */
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
