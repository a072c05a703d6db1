import { measure, median, type Sample } from './measure.ts';
import type { Measured, Row, Scenario } from './scenario.ts';

export type Rounds = { readonly rounds: number; readonly seconds: number };

/**
 * Measures the floor and phaselock alternately, so that a disturbance of the machine affects both. The ratio is the
 * median of the rounds' ratios.
 */
export async function runRounds(scenario: Scenario, { rounds, seconds }: Rounds): Promise<Row> {
  const { name, clients, ours, floor, settle, itemsPerOperation = 1, warmUpSeconds = 1 } = scenario;
  const samples: Sample[] = [];
  const floors: Sample[] = [];
  // Warm-up: opening connections, caching plans and compiling code is not measured.
  if (floor !== undefined) await sampleOf(floor, clients, Math.min(warmUpSeconds, 2 * seconds));
  await sampleOf(ours, clients, Math.min(warmUpSeconds, 2 * seconds));
  for (let round = 0; round < rounds; round += 1) {
    if (floor !== undefined) {
      await settle?.();
      floors.push(await sampleOf(floor, clients, seconds));
    }
    await settle?.();
    samples.push(await sampleOf(ours, clients, seconds));
  }
  const ratios = samples.flatMap(({ opsPerSecond }, round) => {
    const against = floors[round];
    return against === undefined ? [] : [opsPerSecond / against.opsPerSecond];
  });
  const opsPerSecond = (all: readonly Sample[]): number =>
    median(all.map((sample) => sample.opsPerSecond)) * itemsPerOperation;
  return {
    name,
    clients,
    ops_per_s: Math.round(opsPerSecond(samples)),
    p50_ms: round(median(samples.map(({ p50Ms }) => p50Ms))),
    p99_ms: round(median(samples.map(({ p99Ms }) => p99Ms))),
    floor: floors.length === 0 ? null : Math.round(opsPerSecond(floors)),
    ratio: ratios.length === 0 ? null : round(median(ratios)),
  };
}

const sampleOf = (measured: Measured, clients: number, seconds: number): Promise<Sample> =>
  typeof measured === 'function' ? measure(clients, seconds, measured) : measured.run(clients, seconds);

const round = (value: number): number => Math.round(value * 10_000) / 10_000;
