/** What four times as much may take when the work is linear: four times, and as much again for a machine with other things to do. Quadratic is 16. */
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
 * How many times as long the work takes on four times as much. The floor is the same work in the same run, made so large that it can be measured,
 * and what is counted is processor time, so that other programs do not.
 */
export function growth(prepare: (size: number) => () => void, from = 4_000): number {
  for (let size = from; ; size *= 2) {
    const floor = microseconds(prepare(size));
    if (floor >= MEASURABLE_US || size * 2 > MOST) return microseconds(prepare(size * 4)) / Math.max(floor, 1);
  }
}
