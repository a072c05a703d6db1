import type { Series } from '../prometheus/prometheus.ts';
import type { Stage, Stages } from '../stages/stages.ts';
import { type CounterFold, foldCounter, newCounter } from './counter-fold.ts';
import { type FlagFold, foldAge, foldValue, newFlag } from './flag-fold.ts';
import { seriesKey } from './own-labels.ts';
import { foldLife, newLife, type ProcessLife } from './process-life.ts';
import { gateQueries, namesOf, type StandingQueries, standingQueries } from './queries.ts';
import { foldProcess, foldSeries, newTwins, type TwinFold } from './twin-fold.ts';
import { foldUse, newUse, type UseFold } from './use-fold.ts';

/**
 * The running totals of all samples of a bake. Their size does not grow with its length. `structuredClone` copies them.
 */
export type WindowFold = {
  /** The time up to which samples were read. */
  readUpTo: number;
  readonly lives: Map<string, ProcessLife>;
  readonly ups: Map<string, { at: number; up: boolean }>;
  readonly flags: Map<string, FlagFold>;
  /** By query, then by the labels of the series. */
  readonly counters: Map<string, Map<string, CounterFold>>;
  /** By query of the use, then by instance. */
  readonly uses: Map<string, Map<string, UseFold>>;
  readonly twins: TwinFold;
};

export const newWindow = (readUpTo: number): WindowFold => ({
  readUpTo,
  lives: new Map(),
  ups: new Map(),
  flags: new Map(),
  counters: new Map(),
  uses: new Map(),
  twins: newTwins(),
});

/** Raw samples of one time range, by query. */
export type Chunk = ReadonlyMap<string, readonly Series[]>;

/** The queries for raw samples. Those on processes come first, because counters are read by process. */
export function rawQueries(stages: Stages, stage: Stage): string[] {
  const { start, process, up, requests, shed, enabled, percent, version, age } = standingQueries(stages, stage);
  const ofGates = stage.gates.flatMap((gate) => namesOf(gateQueries(stages, stage, gate)));
  return [...new Set([start, process, up, requests, shed, enabled, percent, version, age, ...ofGates])];
}

export type FoldInput = { readonly stages: Stages; readonly stage: Stage; readonly from: number };

/** Adds the samples of one time range to the running totals. */
export function foldChunk(fold: WindowFold, chunk: Chunk, input: FoldInput): void {
  const { stages, stage, from } = input;
  const standing = standingQueries(stages, stage);
  const window = { from, longestGapMs: stages.prometheus.longestGapMs };
  for (const { labels, samples } of chunk.get(standing.start) ?? [])
    foldLife(entry(fold.lives, instanceOf(labels), newLife), samples, window);
  for (const { labels, samples } of chunk.get(standing.up) ?? []) {
    const newest = samples.at(-1);
    if (newest !== undefined) fold.ups.set(instanceOf(labels), { at: newest.at, up: newest.value === 1 });
  }
  for (const { labels, samples } of chunk.get(standing.process) ?? []) foldProcess(fold.twins, labels, samples);
  for (const found of chunk.values())
    for (const series of found) foldSeries(fold.twins, series, lifeOf(fold, series.labels));
  foldFlags(fold, chunk, standing, input);
  for (const gate of stage.gates) {
    const queries = gateQueries(stages, stage, gate);
    if (queries.kind === 'use' && gate.kind === 'utilisation')
      foldUses(fold, chunk, queries, { from, periodMs: gate.periodMs });
  }
  for (const query of new Set(counterQueries(input))) {
    const counters = entry(fold.counters, query, () => new Map<string, CounterFold>());
    for (const { labels, samples } of chunk.get(query) ?? []) {
      const life = lifeOf(fold, labels);
      foldCounter(
        entry(counters, seriesKey(labels), () => newCounter(labels)),
        samples,
        life,
        from,
      );
    }
  }
}

function counterQueries({ stages, stage }: FoldInput): string[] {
  const { requests, shed } = standingQueries(stages, stage);
  const ofGates = stage.gates.flatMap((gate) => {
    const queries = gateQueries(stages, stage, gate);
    return queries.kind === 'use' ? [] : namesOf(queries);
  });
  return [requests, shed, ...ofGates];
}

function foldFlags(fold: WindowFold, chunk: Chunk, standing: StandingQueries, { stages, from }: FoldInput): void {
  const flagOf = (labels: Series['labels']): FlagFold => entry(fold.flags, instanceOf(labels), newFlag);
  for (const name of ['enabled', 'percent', 'version'] as const)
    for (const { labels, samples } of chunk.get(standing[name]) ?? []) foldValue(flagOf(labels)[name], samples, from);
  const mostSeconds = stages.preconditions.oldestFlagReadMs / 1_000;
  for (const { labels, samples } of chunk.get(standing.age) ?? [])
    foldAge(flagOf(labels).age, samples, from, mostSeconds);
}

type UseQueries = { readonly used: string; readonly capacity: string };

function foldUses(
  fold: WindowFold,
  chunk: Chunk,
  { used, capacity }: UseQueries,
  window: { from: number; periodMs: number },
): void {
  const uses = entry(fold.uses, used, () => new Map<string, UseFold>());
  const capacities = chunk.get(capacity) ?? [];
  for (const { labels, samples } of chunk.get(used) ?? []) {
    const instance = instanceOf(labels);
    const had = capacities.find((series) => instanceOf(series.labels) === instance)?.samples ?? [];
    const life = lifeOf(fold, labels);
    foldUse(entry(uses, instance, newUse), { used: samples, capacity: had, life, ...window });
  }
}

export const instanceOf = (labels: Series['labels']): string => labels.instance ?? '';

const lifeOf = ({ lives }: WindowFold, labels: Series['labels']): ProcessLife =>
  lives.get(instanceOf(labels)) ?? newLife();

function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
