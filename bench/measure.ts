/** One operation of one client. Returns false if the response does not count as a measured operation. */
export type Operation = (client: number) => Promise<boolean>;

export type Sample = { readonly opsPerSecond: number; readonly p50Ms: number; readonly p99Ms: number };

/**
 * Runs a closed loop: each client starts its next operation after the response to the last. A latency counts from the
 * first attempt that led to success.
 */
export async function measure(clients: number, seconds: number, operation: Operation): Promise<Sample> {
  const latencies: number[] = [];
  const began = performance.now();
  const until = began + seconds * 1000;
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      let since = performance.now();
      while (since < until) {
        if (!(await operation(client))) {
          if (performance.now() >= until) break;
          continue;
        }
        const now = performance.now();
        latencies.push(now - since);
        since = now;
      }
    }),
  );
  const tookSeconds = (performance.now() - began) / 1000;
  latencies.sort((a, b) => a - b);
  return {
    opsPerSecond: latencies.length / tookSeconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
  };
}

export const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
