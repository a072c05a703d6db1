import { comparesCohorts } from '../gates/required-sizes.ts';
import type { Gate, UtilisationGate } from '../stages/stages.ts';
import { type CounterFold, checkEnd, distrust } from './counter-fold.ts';
import type { Counts, Distrust, GateEvidence, InstanceCounts, UseEvidence } from './evidence.ts';
import { lastSeen, newLife } from './process-life.ts';
import { type GateQueries, gateQueries, namesOf } from './queries.ts';
import { useOf } from './use-fold.ts';
import { type FoldInput, instanceOf, type WindowFold } from './window-fold.ts';

/** What was counted for a gate, of each instance and each cohort. */
export function gateEvidence(fold: WindowFold, gate: Gate, input: FoldInput & { readonly to: number }): GateEvidence {
  const { stages, stage, to } = input;
  const queries = gateQueries(stages, stage, gate);
  const names = namesOf(queries);
  // Those that are there now have to have the series: a renamed metric is not a cohort without events.
  const present = [...fold.lives]
    .filter(([, life]) => to - (lastSeen(life) ?? 0) <= stages.preconditions.oldestSampleMs)
    .map(([instance]) => instance);
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

function countedIn(
  fold: WindowFold,
  queries: GateQueries,
  belongs: (counter: CounterFold) => boolean,
  present: readonly string[],
  { stages }: FoldInput,
): Counts {
  const untrusted: Distrust[] = [];
  const counted = new Map<string, { n: number; marked: number }>();
  const read = (names: readonly string[], key: 'n' | 'marked'): Set<string> => {
    const seen = new Set<string>();
    for (const name of names)
      for (const counter of fold.counters.get(name)?.values() ?? []) {
        if (!belongs(counter)) continue;
        const instance = instanceOf(counter.labels);
        if (instance === '') distrust({ untrusted }, { why: 'no_instance', detail: `${name} has no instance` });
        checkEnd(counter, fold.lives.get(instance) ?? newLife(), stages.prometheus.longestGapMs);
        for (const found of counter.untrusted) distrust({ untrusted }, found);
        seen.add(instance);
        const counts = counted.get(instance) ?? { n: 0, marked: 0 };
        counts[key] += counter.increase;
        counted.set(instance, counts);
      }
    return seen;
  };
  if (queries.kind === 'use') return { n: 0, failures: 0, instances: [], untrusted };
  const marked = queries.kind === 'bad' ? queries.bad : queries.good;
  for (const [names, seen] of [
    [queries.total, read(queries.total, 'n')],
    [marked, read(marked, 'marked')],
  ] as const)
    for (const instance of present)
      if (!seen.has(instance))
        distrust({ untrusted }, { why: 'no_data', detail: `${instance} has no series of ${names.join(', ')}` });
  const instances = [...counted].map(
    ([instance, { n, marked: found }]): InstanceCounts => ({
      instance,
      n,
      failures: queries.kind === 'bad' ? found : Math.max(0, n - found),
    }),
  );
  return { n: sum(instances, 'n'), failures: sum(instances, 'failures'), instances, untrusted };
}

const sum = (instances: readonly InstanceCounts[], key: 'n' | 'failures'): number =>
  instances.reduce((all, counts) => all + counts[key], 0);

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
  for (const [, use] of uses) for (const found of use.untrusted) distrust({ untrusted }, found);
  for (const instance of present)
    if (!uses.some(([found]) => found === instance))
      distrust({ untrusted }, { why: 'no_data', detail: `${instance} has no series of ${query}` });
  const whole = Math.floor((to - from) / periodMs);
  return {
    gate: name,
    kind: 'use',
    queries,
    instances: uses.map(([instance, use]) => useOf(instance, use, limit, whole, periodMs)),
    untrusted,
  };
}
