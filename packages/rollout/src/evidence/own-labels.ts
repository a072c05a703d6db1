import { COUNTERS, FLAG_GAUGES, GAUGES, HISTOGRAMS, HTTP, KNOWN_GAUGES } from '@phaselock/telemetry';
import type { Series } from '../prometheus/prometheus.ts';

type Labels = Series['labels'];

/** The labels that our programs set, by metric. Other metrics, and `up`, have none. */
const OWN: ReadonlyMap<string, readonly string[]> = new Map([
  ...[COUNTERS, FLAG_GAUGES, GAUGES, HISTOGRAMS]
    .flatMap((specs): { readonly name: string; readonly labels: object }[] => Object.values(specs))
    .map(({ name, labels }) => [name, Object.keys(labels)] as const),
  [KNOWN_GAUGES.buildInfo.name, ['version', 'revision', 'process']],
  [HTTP.requests.name, ['operation', 'status_class']],
]);

function isOwn(labels: Labels, label: string): boolean {
  const name = labels.__name__ ?? '';
  const own = OWN.get(name) ?? OWN.get(name.replace(/_(bucket|count)$/, ''));
  return own?.includes(label) === true || label === '__name__' || (label === 'le' && name.endsWith('_bucket'));
}

/** Key for what a series counts: its metric and the labels that our programs set. */
export const ownKey = (labels: Labels): string => keyOf(labels, (label) => isOwn(labels, label));

/**
 * Key for how a series was read: the labels that Prometheus or a relabelling rule added. Two such keys of one instance
 * are two readings of the same counts.
 */
export const viewKey = (labels: Labels): string => keyOf(labels, (label) => !isOwn(labels, label));

export const seriesKey = (labels: Labels): string => keyOf(labels, () => true);

/** The labels in which two series of one instance differ. */
export const differenceOf = (one: Labels, other: Labels): string[] =>
  [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((label) => one[label] !== other[label]).toSorted();

function keyOf(labels: Labels, isKept: (label: string) => boolean): string {
  const kept = Object.entries(labels).filter(([label]) => isKept(label));
  return JSON.stringify(kept.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
