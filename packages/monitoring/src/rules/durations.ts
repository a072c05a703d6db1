export const MINUTE = 60;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

const UNITS: readonly (readonly [string, number])[] = [
  ['d', DAY],
  ['h', HOUR],
  ['m', MINUTE],
  ['s', 1],
];

/** A duration as Prometheus writes it, in the largest unit that divides it: 5m, 1h, 90s. */
export function durationText(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds % each === 0) ?? ['ms', 1 / 1_000];
  return `${Math.round(seconds / length)}${unit}`;
}
