import type { Sample } from '../prometheus/prometheus.ts';
import type { FlagReading } from './evidence.ts';

/** A gauge, and when it last said something else than it says now. */
type Held = { now: number | null; at: number | null; otherwiseAt: number | null };

export type FlagFold = {
  readonly enabled: Held;
  readonly percent: Held;
  readonly version: Held;
  readonly age: Held;
};

const newHeld = (): Held => ({ now: null, at: null, otherwiseAt: null });
export const newFlag = (): FlagFold => ({ enabled: newHeld(), percent: newHeld(), version: newHeld(), age: newHeld() });

/** Only what was said after `from` was said within the bake. */
export function foldValue(held: Held, samples: readonly Sample[], from: number): void {
  for (const { at, value } of samples) {
    if (held.now !== null && !Object.is(held.now, value) && held.at !== null && held.at > from)
      held.otherwiseAt = held.at;
    held.now = value;
    held.at = at;
  }
}

/** An age is another at each scrape; what counts is whether it was over the bound. */
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
