/** Upper limit of `growth` for linear work: 4 is exact, the rest tolerates noise. Quadratic work gives 16. */
export const QUADRUPLED_AT_MOST = 9;

const TRIES = 5;
const MEASURABLE_US = 1_500;
const MOST = 2_000_000;

function microseconds(work: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let tried = 0; tried < TRIES; tried += 1) {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, user + system);
  }
  return least;
}

/**
 * How many times as long the work takes on four times the input. The baseline is the same work in the same run, on an
 * input large enough to measure. Counts processor time, so that other programs on the machine do not matter.
 */
export function growth(prepare: (size: number) => () => void, from = 4_000): number {
  for (let size = from; ; size *= 2) {
    const floor = microseconds(prepare(size));
    if (floor >= MEASURABLE_US || size * 2 > MOST) return microseconds(prepare(size * 4)) / Math.max(floor, 1);
  }
}
