import type { Prometheus, Series } from '../prometheus/prometheus.ts';
import { selectorText } from '../prometheus/selector-text.ts';
import type { Stage, Stages } from '../stages/stages.ts';
import type { AuditEvidence, Evidence, InstanceEvidence, Refusal } from './evidence.ts';
import { flagReading, newFlag } from './flag-fold.ts';
import { gateEvidence, requestEvidence } from './gate-evidence.ts';
import { endsOf, lastSeen } from './process-life.ts';
import { standingQueries, watchdogQuery } from './queries.ts';
import { doubledIn, processIdOf } from './twin-fold.ts';
import { foldChunk, newWindow, rawQueries, type WindowFold } from './window-fold.ts';

export type CollectInput = {
  readonly stages: Stages;
  readonly stage: Stage;
  /** The start of the bake in milliseconds; equal to `to` before a bake. */
  readonly from: number;
  readonly to: number;
};

/** The state between repeated collections over a bake, so that only new samples are read. */
export type BakeMemory = { kept: { readonly key: string; readonly fold: WindowFold } | null };

export const emptyMemory = (): BakeMemory => ({ kept: null });

/** Reads the evidence of a bake. It does not throw for failed queries, but lists them in `refusals`. */
export async function collectEvidence(
  prometheus: Prometheus,
  input: CollectInput,
  memory: BakeMemory = emptyMemory(),
): Promise<Evidence> {
  const { stages, stage, from, to } = input;
  const bounds = stages.prometheus;
  const lookback = Math.max(bounds.longestGapMs, stages.preconditions.oldestSampleMs);
  const key = JSON.stringify([stage.flag, stage.number, from]);
  const kept = memory.kept?.key === key ? memory.kept.fold : newWindow(from - lookback);
  // A sample has the time at which its scrape started, but is visible only after the scrape ended: the newest part is
  // read again next time.
  const settled = Math.max(kept.readUpTo, to - lookback);
  const readings = new Readings(prometheus);
  memory.kept = { key, fold: kept };
  await readUpTo(readings, kept, settled, input);
  const fold = structuredClone(kept);
  await readUpTo(readings, fold, to, input);

  const standing = standingQueries(stages, stage);
  const audit = await auditOf(readings, standing.auditRun, standing.auditErrors, to);
  const firing = await readings.instant(standing.firing, to);
  const { watchdog } = stages.preconditions;
  // A raw query, because an instant query does not return the age of a sample.
  const watched = watchdog === null ? [] : await readings.raw(watchdogQuery(watchdog), to - lookback, to);
  const shown = [];
  for (const { title, selector } of stage.shown) {
    const query = selectorText(selector, { job: [bounds.job] });
    shown.push({ title, query, series: await readings.instant(query, to) });
  }
  return {
    flag: stage.flag,
    stage: stage.number,
    from,
    to,
    gates: stage.gates.map((gate) => gateEvidence(fold, gate, input)),
    instances: instancesIn(fold, input),
    doubled: doubledIn(fold.twins, { from, to, oldestMs: stages.preconditions.oldestSampleMs }),
    audit,
    firing: [...new Set(firing.map(({ labels }) => labels.alertname ?? 'without a name'))]
      .filter((alert) => alert !== watchdog)
      .toSorted(),
    watchdogAt: newestAt(watched),
    requests: requestEvidence(fold, input),
    refusals: readings.refusals,
    shown,
  };
}

/** Runs queries until one is refused. After that nothing can be decided, and a failing server gets no more load. */
class Readings {
  readonly refusals: Refusal[] = [];
  readonly #prometheus: Prometheus;

  constructor(prometheus: Prometheus) {
    this.#prometheus = prometheus;
  }

  raw(query: string, from: number, to: number): Promise<readonly Series[]> {
    return this.#answer(query, () => this.#prometheus.raw(query, from, to));
  }

  instant(query: string, at: number): Promise<readonly Series[]> {
    return this.#answer(query, () => this.#prometheus.instant(query, at));
  }

  async #answer(query: string, ask: () => ReturnType<Prometheus['raw']>): Promise<readonly Series[]> {
    if (this.refusals.length > 0) return [];
    const answer = await ask();
    if (answer.kind === 'series') return answer.series;
    this.refusals.push({ query, why: answer.why, detail: answer.detail });
    return [];
  }
}

/** Reads up to `to`, or to the first refusal. A chunk is added only if all its queries were answered. */
async function readUpTo(readings: Readings, fold: WindowFold, to: number, input: CollectInput): Promise<void> {
  const { stages, stage } = input;
  while (fold.readUpTo < to) {
    const until = Math.min(to, fold.readUpTo + stages.prometheus.chunkMs);
    const chunk = new Map<string, readonly Series[]>();
    for (const query of rawQueries(stages, stage)) chunk.set(query, await readings.raw(query, fold.readUpTo, until));
    if (readings.refusals.length > 0) return;
    foldChunk(fold, chunk, input);
    fold.readUpTo = until;
  }
}

function instancesIn(fold: WindowFold, { stages, from, to }: CollectInput): InstanceEvidence[] {
  // This includes instances that Prometheus knows but could never scrape.
  const names = [...new Set([...fold.lives.keys(), ...fold.ups.keys()])].toSorted();
  return names.map((instance) => {
    const life = fold.lives.get(instance);
    return {
      instance,
      atStart: life?.atStart ?? false,
      firstSampleAt: life?.processes[0]?.firstAt ?? null,
      lastSampleAt: life === undefined ? null : lastSeen(life),
      up: upIn(fold, instance, to - stages.preconditions.oldestSampleMs),
      longestGapMs: life?.longestGapMs ?? 0,
      gapEndedAt: life?.gapEndedAt ?? null,
      ended: life === undefined ? [] : endsOf(life, from, to, stages.preconditions.oldestSampleMs),
      flag: flagReading(fold.flags.get(instance) ?? newFlag()),
      process: processIdOf(fold.twins, instance, ((life && lastSeen(life)) ?? 0) - stages.prometheus.longestGapMs),
    };
  });
}

/** Whether the newest scrape succeeded. Null if `up` has no recent sample: the instance is no longer a target. */
function upIn({ ups }: WindowFold, instance: string, since: number): boolean | null {
  const newest = ups.get(instance);
  return newest === undefined || newest.at < since ? null : newest.up;
}

function newestAt(series: readonly Series[]): number | null {
  const times = series.flatMap(({ samples }) => samples.slice(-1)).map(({ at }) => at);
  return times.length === 0 ? null : Math.max(...times);
}

/** Every instance reads the audit result from the same database; if two differ, the worse one is used. */
async function auditOf(readings: Readings, run: string, errors: string, to: number): Promise<AuditEvidence> {
  const times = newest(await readings.instant(run, to));
  const counts = newest(await readings.instant(errors, to));
  return {
    lastRunAt: times.length === 0 ? null : Math.min(...times) * 1_000,
    errors: counts.length === 0 ? null : Math.max(...counts),
  };
}

const newest = (series: readonly Series[]): number[] =>
  series.flatMap(({ samples }) => samples.slice(-1)).map(({ value }) => value);
