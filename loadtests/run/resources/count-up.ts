/**
 * Adds up the CPU time of a program across restarts. The counter of a new process starts at 0, and a child that ends
 * between two reads may be missing from both, so the sum never decreases.
 */
export function createCpuCount() {
  let root = 0;
  let before = 0;
  let current = 0;
  const total = (): number => Math.round((before + current) * 100) / 100;
  const count = (pid: number, cpuSeconds: number): number => {
    if (pid !== root) {
      before += current;
      current = 0;
      root = pid;
    }
    current = Math.max(current, cpuSeconds);
    return total();
  };
  return { count, total };
}
