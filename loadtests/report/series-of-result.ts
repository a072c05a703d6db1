import { type Histogram, merged, quantileOf, totalOf, unpacked } from './histogram.ts';
import type { Result, Series } from './result.ts';

export type Arm = Series['arm'];

/** An operation over some windows of a run: what is told of it is made of this. */
export type Tally = {
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  readonly shed: number;
  /** Of what was answered. */
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

/** Of what was answered. */
export const percentileOf = ({ histogram }: Tally, share: number): number | undefined => quantileOf(histogram, share);

/** Of calls that were done, with every call that had no answer counted as slower than all of them: for limits, which neither a lost nor a refused call must help to keep. */
export const percentileWithLost = ({ okTimes, unknown, shed }: Tally, share: number, lost = 0): number | undefined =>
  totalOf(okTimes) === 0 ? undefined : quantileOf(okTimes, share, unknown + shed + lost);

export const seriesOf = ({ series }: Result, name: string, arm: Arm): Series | undefined =>
  series.find((one) => one.name === name && one.arm === arm);

export const secondsOf = ({ windows }: Result): number =>
  windows.reduce((sum, { from, to }) => sum + (to - from) / 1_000, 0);
