/** One operation of one client. False: it was an answer but not what is measured, and does not count. */
export type Operation = (client: number) => Promise<boolean>;

export type Sample = { readonly opsPerSecond: number; readonly p50Ms: number; readonly p99Ms: number };

/** A closed loop: each client begins its next operation when the last one was answered. A latency counts from the first try that led to success. */
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

const percentile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
