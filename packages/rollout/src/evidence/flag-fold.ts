import type { Sample } from '../prometheus/prometheus.ts';
import type { FlagReading } from './evidence.ts';

/** The newest value of a gauge, and when it last had another value. */
type Held = { now: number | null; at: number | null; otherwiseAt: number | null };

/** The flag gauges of one instance over a bake. */
export type FlagFold = {
  readonly enabled: Held;
  readonly percent: Held;
  readonly version: Held;
  readonly age: Held;
};

const newHeld = (): Held => ({ now: null, at: null, otherwiseAt: null });
export const newFlag = (): FlagFold => ({ enabled: newHeld(), percent: newHeld(), version: newHeld(), age: newHeld() });

/** Adds samples of a gauge. Only values reported after `from` were reported within the bake. */
export function foldValue(held: Held, samples: readonly Sample[], from: number): void {
  for (const { at, value } of samples) {
    if (held.now !== null && !Object.is(held.now, value) && held.at !== null && held.at > from)
      held.otherwiseAt = held.at;
    held.now = value;
    held.at = at;
  }
}

/** Adds samples of the read age. It differs at each scrape, so only ages over the bound count. */
export function foldAge(held: Held, samples: readonly Sample[], from: number, mostSeconds: number): void {
  for (const { at, value } of samples) {
    if (at > from && !(value <= mostSeconds)) held.otherwiseAt = at;
    held.now = value;
    held.at = at;
  }
}

export function flagReading({ enabled, percent, version, age }: FlagFold): FlagReading {
  const otherwise = [enabled, percent, version, age].flatMap(({ otherwiseAt }) => otherwiseAt ?? []);
  return {
    enabled: enabled.now,
    percent: percent.now,
    version: version.now,
    readAgeSeconds: age.now,
    lastOtherwiseAt: otherwise.length === 0 ? null : Math.max(...otherwise),
  };
}
