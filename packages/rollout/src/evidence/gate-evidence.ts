import { comparesCohorts } from '../gates/required-sizes.ts';
import type { Gate, UtilisationGate } from '../stages/stages.ts';
import { type CounterFold, checkEnd, distrust } from './counter-fold.ts';
import type { Counts, Distrust, GateEvidence, InstanceCounts, RequestEvidence, UseEvidence } from './evidence.ts';
import { viewKey } from './own-labels.ts';
import { lastSeen, newLife } from './process-life.ts';
import { type GateQueries, gateQueries, namesOf, standingQueries } from './queries.ts';
import { hasTwins, secondNames } from './twin-fold.ts';
import { useOf } from './use-fold.ts';
import { type FoldInput, instanceOf, type WindowFold } from './window-fold.ts';

/** The counts of a gate, by instance and cohort. */
export function gateEvidence(fold: WindowFold, gate: Gate, input: FoldInput & { readonly to: number }): GateEvidence {
  const { stages, stage } = input;
  const queries = gateQueries(stages, stage, gate);
  const names = namesOf(queries);
  const present = presentIn(fold, input);
  if (gate.kind === 'utilisation' && queries.kind === 'use')
    return usedIn(fold, gate, queries.used, names, present, input);
  const { cohorts } = stage;
  const inCohort =
    (values: readonly string[]) =>
    ({ labels }: CounterFold) =>
      values.includes(labels[cohorts.label] ?? '');
  const compares = comparesCohorts(gate, cohorts);
  const count = (belongs: (counter: CounterFold) => boolean): Counts =>
    countedIn(fold, queries, belongs, present, input);
  return {
    gate: gate.name,
    kind: 'counts',
    queries: names,
    treatment: count(compares ? inCohort(cohorts.treatment) : () => true),
    control: compares ? count(inCohort(cohorts.control)) : null,
  };
}

/**
 * Instances that are seen now. They must have the series; otherwise a renamed metric would look like a cohort without
 * events.
 */
const presentIn = ({ lives }: WindowFold, { stages, to }: FoldInput & { readonly to: number }): string[] =>
  [...lives]
    .filter(([, life]) => to - (lastSeen(life) ?? 0) <= stages.preconditions.oldestSampleMs)
    .map(([instance]) => instance);

/** The counts of one instance under one set of labels that Prometheus added. */
type Reading = {
  readonly instance: string;
  firstAt: number;
  total: number;
  marked: number;
  twice: number;
  doubtful: boolean;
};

function countedIn(
  fold: WindowFold,
  queries: GateQueries,
  belongs: (counter: CounterFold) => boolean,
  present: readonly string[],
  { stages, from }: FoldInput,
): Counts {
  const untrusted: Distrust[] = [];
  const readings = new Map<string, Reading>();
  const gone = new Set<string>();
  const read = (names: readonly string[], key: 'total' | 'marked' | 'twice'): void => {
    const seen = new Set<string>();
    for (const name of names)
      for (const counter of fold.counters.get(name)?.values() ?? []) {
        if (!belongs(counter)) continue;
        const instance = instanceOf(counter.labels);
        checkEnd(counter, fold.lives.get(instance) ?? newLife(), stages.prometheus.longestGapMs);
        const reading = readingOf(readings, counter);
        reading[key] += counter.increase;
        if (instance === '') doubt(reading, { why: 'no_instance', detail: `${name} has no instance label` });
        for (const found of counter.untrusted) doubt(reading, found);
        seen.add(instance);
      }
    if (names.length === 0) return;
    for (const instance of present) {
      if (seen.has(instance)) continue;
      gone.add(instance);
      distrust({ untrusted }, { why: 'no_data', detail: `${instance} has no series of ${names.join(', ')}` });
    }
  };
  const doubt = (reading: Reading, found: Distrust): void => {
    reading.doubtful = true;
    distrust({ untrusted }, found);
  };
  if (queries.kind === 'use') return { n: 0, failures: 0, instances: [], trusted: { n: 0, failures: 0 }, untrusted };
  read(queries.total, 'total');
  read(queries.kind === 'bad' ? queries.bad : queries.good, 'marked');
  read(queries.kind === 'bad' ? queries.twice : [], 'twice');
  for (const reading of readings.values())
    if (reading.marked > eventsOf(reading))
      doubt(reading, {
        why: 'impossible',
        detail: `${reading.instance} counted more failures or successes than events`,
      });
  const counted = (of: Iterable<Reading>): InstanceCounts[] => countsOf(of, queries.kind);
  const instances = counted(readings.values());
  const isSound = untrusted.length === 0 && !hasTwins(fold.twins);
  const known = [...readings.values()].filter(({ instance }) => !gone.has(instance));
  const part = isSound ? instances : counted(eachOnce(known, secondNames(fold.twins), from));
  return { ...sumOf(instances), instances, trusted: sumOf(part), untrusted };
}

function readingOf(readings: Map<string, Reading>, { labels, firstAt }: CounterFold): Reading {
  const view = viewKey(labels);
  const began = firstAt ?? Number.POSITIVE_INFINITY;
  const reading = readings.get(view) ?? {
    instance: instanceOf(labels),
    firstAt: began,
    total: 0,
    marked: 0,
    twice: 0,
    doubtful: false,
  };
  readings.set(view, reading);
  reading.firstAt = Math.min(reading.firstAt, began);
  return reading;
}

const eventsOf = ({ total, twice }: Reading): number => total - twice;

/**
 * Yields one reliable reading per instance, because duplicated failures would overstate the evidence. A reading that
 * starts after another one, within the bake, is skipped: its first value includes earlier counts.
 */
function* eachOnce(readings: readonly Reading[], secondary: ReadonlySet<string>, from: number): Iterable<Reading> {
  for (const instance of new Set(readings.map((reading) => reading.instance))) {
    if (secondary.has(instance)) continue;
    const its = readings.filter((reading) => reading.instance === instance);
    const first = Math.min(...its.map(({ firstAt }) => firstAt));
    const reading = its.find(({ doubtful, firstAt }) => !doubtful && firstAt <= Math.max(first, from));
    if (reading !== undefined) yield reading;
  }
}

function countsOf(readings: Iterable<Reading>, kind: 'bad' | 'good'): InstanceCounts[] {
  const counts = new Map<string, InstanceCounts>();
  for (const reading of readings) {
    const { instance, marked } = reading;
    const events = eventsOf(reading);
    const before = counts.get(instance) ?? { instance, n: 0, failures: 0 };
    const failures = before.failures + (kind === 'bad' ? marked : Math.max(0, events - marked));
    counts.set(instance, { instance, n: before.n + events, failures });
  }
  return [...counts.values()];
}

const sumOf = (instances: readonly InstanceCounts[]): Counts['trusted'] => ({
  n: instances.reduce((all, { n }) => all + n, 0),
  failures: instances.reduce((all, { failures }) => all + failures, 0),
});

/** The requests of all instances, and how many were shed for overload. */
export function requestEvidence(fold: WindowFold, input: FoldInput & { readonly to: number }): RequestEvidence {
  const { requests, shed } = standingQueries(input.stages, input.stage);
  const queries = { kind: 'bad', total: [requests], bad: [shed], twice: [] } as const;
  const { n, failures, untrusted } = countedIn(fold, queries, () => true, presentIn(fold, input), input);
  return { answered: n, shed: failures, untrusted };
}

function usedIn(
  fold: WindowFold,
  { name, limit, periodMs }: UtilisationGate,
  query: string,
  queries: readonly string[],
  present: readonly string[],
  { from, to }: { readonly from: number; readonly to: number },
): UseEvidence {
  const untrusted: Distrust[] = [];
  const uses = [...(fold.uses.get(query) ?? [])];
  for (const [instance, use] of uses)
    for (const { why, detail } of use.untrusted) distrust({ untrusted }, { why, detail: `${instance}: ${detail}` });
  for (const instance of present)
    if (!uses.some(([found]) => found === instance))
      distrust({ untrusted }, { why: 'no_data', detail: `${instance} has no series of ${query}` });
  const whole = Math.floor((to - from) / periodMs);
  return {
    gate: name,
    kind: 'use',
    queries,
    instances: uses.map(([instance, use]) => useOf(instance, use, limit, whole, periodMs)),
    doubtful: uses.filter(([, use]) => use.untrusted.length > 0).map(([instance]) => instance),
    untrusted,
  };
}
