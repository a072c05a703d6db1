import type { RunBegan } from '../journal/journal-line.ts';

/** Converts between wall-clock time and k6's run clock, which the proof and the result use throughout. */
export type RunClock = {
  readonly toRun: (wallMs: number) => number;
  readonly toWall: (at: number) => number;
};

export const runClock = ({ wallMs, at }: RunBegan): RunClock => ({
  toRun: (wall) => wall - wallMs + at,
  toWall: (run) => run - at + wallMs,
});
