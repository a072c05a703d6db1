import { measure, median, type Operation } from '../measure.ts';
import type { PairedArguments } from './read-arguments.ts';

const WARM_UP_SECONDS = 2;

type Samples = { readonly rates: number[]; readonly p99Ms: number[] };
const emptySamples = (): Samples => ({ rates: [], p99Ms: [] });

/** One of two ways to do the same, and how its database is prepared for a measurement. */
export type PairedSide = { readonly operation: Operation; settle(): Promise<void> };

export type PairedRates = {
  readonly before: number;
  readonly after: number;
  /** The second rate divided by the first, of each round. */
  readonly ratios: readonly number[];
  readonly ratio: number;
  readonly p99Ms: { readonly before: number; readonly after: number };
};

/** Measures two sides in alternation. Which one is first changes from round to round. */
export async function pairedRates(
  [before, after]: readonly [PairedSide, PairedSide],
  { clients, rounds, seconds }: Pick<PairedArguments, 'clients' | 'rounds' | 'seconds'>,
): Promise<PairedRates> {
  for (const { operation } of [before, after]) await measure(clients, WARM_UP_SECONDS, operation);
  const samples = new Map([before, after].map((side) => [side, emptySamples()]));
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? [before, after] : [after, before]) {
      await side.settle();
      const { opsPerSecond, p99Ms } = await measure(clients, seconds, side.operation);
      samples.get(side)?.rates.push(opsPerSecond);
      samples.get(side)?.p99Ms.push(p99Ms);
    }
  }
  const of = (side: PairedSide) => samples.get(side) ?? emptySamples();
  const ratios = of(after).rates.map((rate, round) => rate / (of(before).rates[round] ?? Number.NaN));
  return {
    before: median(of(before).rates),
    after: median(of(after).rates),
    ratios,
    ratio: median(ratios),
    p99Ms: { before: median(of(before).p99Ms), after: median(of(after).p99Ms) },
  };
}

/** The ratio of the rounds, with the least and the greatest of them. */
export const spreadOf = ({ ratio, ratios }: PairedRates): string[] =>
  [ratio, Math.min(...ratios), Math.max(...ratios)].map((value) => value.toFixed(3));

export const tableLine = (name: string, cells: readonly string[]): string =>
  name.padEnd(50) + cells.map((cell) => cell.padStart(12)).join('');
