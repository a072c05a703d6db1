import type { RunBegan } from '../journal/journal-line.ts';

/** Milliseconds since 1970 on k6's run clock, which every time of the proof and of the result is on. */
export type RunClock = {
  readonly toRun: (wallMs: number) => number;
  readonly toWall: (at: number) => number;
};

export const runClock = ({ wallMs, at }: RunBegan): RunClock => ({
  toRun: (wall) => wall - wallMs + at,
  toWall: (run) => run - at + wallMs,
});
