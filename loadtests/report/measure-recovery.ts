import type { Call } from '../journal/journal-line.ts';
import { isShed } from './count-calls.ts';
import { addTo, bucketOf, type Histogram, merged, quantileOf } from './histogram.ts';
import type { Recovery } from './result.ts';

export type Fault = { readonly name: string; readonly at: number; readonly until: number };

type Second = { readonly answered: Map<number, number>; unanswered: number };

const SECOND = 1_000;
const BEFORE_SECONDS = 10;
const STEADY_SECONDS = 3;
const FACTOR = 1.5;

const READS: ReadonlySet<string> = new Set(['look', 'get']);
const isKill = ({ name }: Fault): boolean => /kill/i.test(name);

/** Recovery counts from the kill if something was killed, else from the end of the fault. */
const startOf = (fault: Fault): number => (isKill(fault) ? fault.at : fault.until);

/**
 * Measures the times from a fault to the first acknowledged write and to normal latency. Accepts calls in any order.
 */
export function createRecoveryMeter(faults: readonly Fault[]) {
  const seconds = new Map<number, Second>();
  const firstWrite = faults.map(() => Infinity);
  const take = (call: Call) => {
    if (faults.length === 0) return;
    const number = Math.floor(call.at / SECOND);
    let second = seconds.get(number);
    if (second === undefined) {
      second = { answered: new Map(), unanswered: 0 };
      seconds.set(number, second);
    }
    if (call.outcome === 'unknown' || isShed(call)) second.unanswered += 1;
    else addTo(second.answered, bucketOf(call.until - call.at));
    if (call.outcome !== 'ok' || READS.has(call.kind)) return;
    // A call sent before the fault does not show recovery.
    for (const [index, fault] of faults.entries())
      if (call.at >= fault.at && call.until >= startOf(fault))
        firstWrite[index] = Math.min(firstWrite[index] ?? Infinity, call.until);
  };
  const p95Of = (of: readonly (Second | undefined)[]): number | undefined => {
    const there = of.filter((one) => one !== undefined);
    const histogram: Histogram = merged(there.map(({ answered }) => answered));
    return quantileOf(
      histogram,
      0.95,
      there.reduce((sum, { unanswered }) => sum + unanswered, 0),
    );
  };
  const measured = (runBegan: number): Recovery[] => {
    const last = Math.max(...seconds.keys());
    return faults.map((fault, index) => {
      const start = startOf(fault);
      const firstOf = Math.floor(fault.at / SECOND);
      const before = p95Of(Array.from({ length: BEFORE_SECONDS }, (_, back) => seconds.get(firstOf - 1 - back)));
      const isNormal = (number: number): boolean => {
        const p95 = p95Of([seconds.get(number)]);
        return before !== undefined && p95 !== undefined && p95 <= before * FACTOR;
      };
      let normal: number | undefined;
      for (
        let number = Math.ceil(start / SECOND);
        number + STEADY_SECONDS - 1 <= last && normal === undefined;
        number += 1
      )
        if (Array.from({ length: STEADY_SECONDS }, (_, on) => number + on).every(isNormal)) normal = number * SECOND;
      const write = firstWrite[index] ?? Infinity;
      return {
        name: fault.name,
        at: fault.at - runBegan,
        until: fault.until - runBegan,
        from: isKill(fault) ? 'kill' : 'end',
        p95BeforeMs: before === undefined || before === Infinity ? null : before,
        firstWriteMs: write === Infinity ? null : write - start,
        normalMs: normal === undefined ? null : normal - start,
      };
    });
  };
  return { take, measured };
}
