/** Upper limit of `growth` for linear work: 4 is exact, the rest tolerates noise. Quadratic work gives 16. */
export const QUADRUPLED_AT_MOST = 9;

const TRIES = 5;
const PAIRS = 3;
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
 * input large enough to measure. Counts processor time, so that other programs on the machine do not matter. Memory
 * that the machine is short of at one moment matters still, so the pair is measured again while it looks quadratic.
 */
export function growth(prepare: (size: number) => () => void, from = 4_000): number {
  let size = from;
  while (microseconds(prepare(size)) < MEASURABLE_US && size * 2 <= MOST) size *= 2;
  let least = Number.POSITIVE_INFINITY;
  for (let pair = 0; pair < PAIRS && least >= QUADRUPLED_AT_MOST; pair += 1) {
    const floor = microseconds(prepare(size));
    least = Math.min(least, microseconds(prepare(size * 4)) / Math.max(floor, 1));
  }
  return least;
}
