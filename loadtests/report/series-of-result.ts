import { type Histogram, merged, quantileOf, totalOf, unpacked } from './histogram.ts';
import type { Result, Series } from './result.ts';

export type Arm = Series['arm'];

/** An operation over some windows of a run: what is told of it is made of this. */
export type Tally = {
  readonly ok: number;
  readonly refused: number;
  readonly unknown: number;
  readonly shed: number;
  readonly histogram: Histogram;
};

export function tally(windows: Iterable<Series['windows'][number]>): Tally {
  const all = [...windows];
  const sum = (of: 'ok' | 'refused' | 'unknown' | 'shed') => all.reduce((total, one) => total + one[of], 0);
  return {
    ok: sum('ok'),
    refused: sum('refused'),
    unknown: sum('unknown'),
    shed: sum('shed'),
    histogram: merged(all.map(({ histogram }) => unpacked(histogram))),
  };
}

export const callsOf = ({ ok, refused, unknown, shed }: Omit<Tally, 'histogram'>): number =>
  ok + refused + unknown + shed;

/** Of what was answered. */
export const percentileOf = ({ histogram }: Tally, share: number): number | undefined => quantileOf(histogram, share);

/** With every call that had no answer counted as slower than all that had one: for limits, which a lost call must not help to keep. */
export const percentileWithLost = ({ histogram, unknown, shed }: Tally, share: number, lost = 0): number | undefined =>
  totalOf(histogram) === 0 ? undefined : quantileOf(histogram, share, unknown + shed + lost);

export const seriesOf = ({ series }: Result, name: string, arm: Arm): Series | undefined =>
  series.find((one) => one.name === name && one.arm === arm);

export const secondsOf = ({ windows }: Result): number =>
  windows.reduce((sum, { from, to }) => sum + (to - from) / 1_000, 0);
