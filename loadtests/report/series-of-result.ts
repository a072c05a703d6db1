import { type Histogram, merged, quantileOf, totalOf, unpacked } from './histogram.ts';
import type { Result, Series } from './result.ts';

export type Arm = Series['arm'];

/** The counts and histograms of an operation over some windows of a run. */
export type Tally = {
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  readonly shed: number;
  /** Durations of all answered calls. */
  readonly histogram: Histogram;
  readonly okTimes: Histogram;
};

export function tally(windows: Iterable<Series['windows'][number]>): Tally {
  const all = [...windows];
  const sum = (of: 'ok' | 'refused' | 'unknown' | 'shed') => all.reduce((total, one) => total + one[of], 0);
  const okTimes = merged(all.map((one) => unpacked(one.okTimes)));
  return {
    ok: sum('ok'),
    refused: sum('refused'),
    unknown: sum('unknown'),
    shed: sum('shed'),
    histogram: merged([okTimes, ...all.map(({ refusedTimes }) => unpacked(refusedTimes))]),
    okTimes,
  };
}

export const callsOf = ({ ok, refused, unknown, shed }: Pick<Tally, 'ok' | 'refused' | 'unknown' | 'shed'>): number =>
  ok + refused + unknown + shed;

/** A percentile of the durations of all answered calls. */
export const percentileOf = ({ histogram }: Tally, share: number): number | undefined => quantileOf(histogram, share);

/**
 * Percentile for limits, over successful calls. Unanswered calls count as slower than all others, and refused calls are
 * left out, so that neither helps to keep a limit.
 */
export const percentileWithLost = ({ okTimes, unknown, shed }: Tally, share: number, lost = 0): number | undefined =>
  totalOf(okTimes) === 0 ? undefined : quantileOf(okTimes, share, unknown + shed + lost);

export const seriesOf = ({ series }: Result, name: string, arm: Arm): Series | undefined =>
  series.find((one) => one.name === name && one.arm === arm);

export const secondsOf = ({ windows }: Result): number =>
  windows.reduce((sum, { from, to }) => sum + (to - from) / 1_000, 0);
