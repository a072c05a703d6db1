/**
 * CPU of a program over all the processes it was: a restarted one begins at nothing, and one that ended between two reads of its tree is missing
 * from both. The sum never falls.
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
