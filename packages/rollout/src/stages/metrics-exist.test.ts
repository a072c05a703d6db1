import { readFileSync } from 'node:fs';
import { COUNTERS, FLAG_GAUGES, GAUGES, HISTOGRAMS, HTTP, KNOWN_GAUGES, type MetricSpec } from '@phaselock/telemetry';
import { expect, test } from 'vitest';
import { STAGES_FILE } from '../../test/repository-stages.ts';
import { standingQueries } from '../evidence/queries.ts';
import { parseSelector } from '../prometheus/parse-selector.ts';
import { readStages } from './read-stages.ts';
import type { Gate, Selector, Stage } from './stages.ts';

const stages = readStages(readFileSync(STAGES_FILE, 'utf8'));
const SPECS = new Map<string, MetricSpec>(
  [COUNTERS, GAUGES, FLAG_GAUGES, KNOWN_GAUGES, HISTOGRAMS]
    .flatMap((specs): MetricSpec[] => Object.values(specs))
    .map((spec) => [spec.name, spec]),
);

/** Metrics whose labels the application defines. */
const OF_APPLICATIONS: readonly string[] = [HTTP.requests.name];
/** Standard metrics of the Node process, and metrics of Prometheus itself. */
const OF_OTHERS = ['process_cpu_seconds_total', 'process_start_time_seconds', 'up', 'ALERTS'];

const selectorsOf = (gate: Gate): readonly Selector[] => {
  switch (gate.kind) {
    case 'failures':
      return [...gate.bad, ...gate.total, ...gate.twice];
    case 'latency':
      return [gate.histogram];
    case 'utilisation':
      return [gate.used, gate.capacity];
  }
};
const specOf = (metric: string): MetricSpec | undefined =>
  SPECS.get(metric) ?? SPECS.get(metric.replace(/_(count|bucket)$/, ''));
const steps = stages.ladders.flatMap((ladder) => ladder.stages);
const all = (stage: Stage): readonly Selector[] => [
  ...stage.gates.flatMap(selectorsOf),
  ...stage.shown.map(({ selector }) => selector),
];

test('every metric the stages name is registered', () => {
  const standing = steps.flatMap((stage) => Object.values(standingQueries(stages, stage)));
  expect(standing.every((query) => parseSelector(query) !== null)).toBe(true);
  const names = [
    ...steps.flatMap(all).map(({ metric }) => metric),
    ...standing.map((query) => query.split('{')[0] ?? ''),
  ];
  const unknown = [...new Set(names)].filter(
    (name) => ![...OF_OTHERS, ...OF_APPLICATIONS].includes(name) && specOf(name) === undefined,
  );
  expect(unknown).toEqual([]);
});

test('every label value the stages name exists on its metric', () => {
  const wrong = steps.flatMap(all).flatMap(({ metric, labels, not }) => {
    const known = specOf(metric)?.labels;
    if (known === undefined) return [];
    return [...Object.entries(labels), ...Object.entries(not)].flatMap(([label, values]) =>
      values.filter((value) => !known[label]?.includes(value)).map((value) => `${metric}{${label}="${value}"}`),
    );
  });
  expect(wrong).toEqual([]);
});

test('a gate that compares cohorts has metrics with the label of the cohorts', () => {
  const wrong = steps.flatMap(({ gates, cohorts }) =>
    gates
      .filter(({ by }) => by === cohorts.label)
      .flatMap(selectorsOf)
      .map(({ metric }) => metric)
      .filter((metric) => {
        const known = specOf(metric)?.labels[cohorts.label];
        return ![...cohorts.treatment, ...cohorts.control].every((value) => known?.includes(value));
      }),
  );
  expect(wrong).toEqual([]);
});
