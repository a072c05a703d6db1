import { Counter, Histogram, type Registry } from 'prom-client';
import type { ExemplarLabels, ExemplarShelf } from './exemplars.ts';
import {
  everyCombination,
  type HistogramSpec,
  type LabelSets,
  type LabelValues,
  type MetricSpec,
} from './metric-specs.ts';

export type Count<Labels extends LabelSets> = (values: LabelValues<Labels>, by?: number) => void;
export type Observe<Labels extends LabelSets> = (
  values: LabelValues<Labels>,
  seconds: number,
  exemplar?: ExemplarLabels,
) => void;

/** Creates all series at 0, because a rate over a series that appears with its first event misses that event. */
export function registerCounter<Labels extends LabelSets>(registry: Registry, spec: MetricSpec<Labels>): Count<Labels> {
  const names = Object.keys(spec.labels);
  const counter = new Counter({ name: spec.name, help: spec.help, labelNames: names, registers: [registry] });
  const series = resolveSeries(spec.labels, (labels) => {
    const child = names.length === 0 ? counter : counter.labels(labels);
    child.inc(0);
    return child;
  });
  return (values, by = 1) => {
    if (Number.isFinite(by) && by > 0) series(values)?.inc(by);
  };
}

/** Creates all series at 0. If `exemplars` is given, it stores the exemplar of an observation. */
export function registerHistogram<Labels extends LabelSets>(
  registry: Registry,
  spec: HistogramSpec<Labels>,
  exemplars?: ExemplarShelf,
): Observe<Labels> {
  const names = Object.keys(spec.labels);
  const buckets = [...spec.buckets];
  const histogram = new Histogram({
    name: spec.name,
    help: spec.help,
    labelNames: names,
    buckets,
    registers: [registry],
  });
  const series = resolveSeries(spec.labels, (labels) => {
    const keep = exemplars?.place(seriesName(spec.name, labels), buckets);
    if (names.length === 0) return { observe: (seconds: number) => histogram.observe(seconds), keep };
    histogram.zero(labels);
    const child = histogram.labels(labels);
    return { observe: (seconds: number) => child.observe(seconds), keep };
  });
  return (values, seconds, exemplar) => {
    if (!Number.isFinite(seconds) || seconds < 0) return;
    const found = series(values);
    found?.observe(seconds);
    if (exemplar !== undefined) found?.keep?.(seconds, exemplar);
  };
}

/** The name of a series in the exposition. Label values come from closed sets, so they need no escaping. */
function seriesName(name: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`;
}

/**
 * Creates all children once, so that recording only looks one up. A label value outside the closed set is dropped,
 * because it must neither add a series nor make the recorded request fail.
 */
function resolveSeries<Labels extends LabelSets, Child>(
  labels: Labels,
  makeChild: (values: Record<string, string>) => Child,
): (values: LabelValues<Labels>) => Child | undefined {
  const names: readonly (keyof Labels)[] = Object.keys(labels);
  const children = new Map(
    everyCombination(labels).map((values) => [Object.values(values).join('/'), makeChild(values)]),
  );
  const [first, ...others] = names;
  if (first === undefined) return () => children.get('');
  return (values) => children.get(others.reduce<string>((key, name) => `${key}/${values[name]}`, values[first] ?? ''));
}
