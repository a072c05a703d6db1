import { EXPORTED } from './exported-elsewhere.ts';
import type { Labels, Series } from './read-exposition.ts';

/** The values of a label; `any` where the product does not determine them, such as the address of an instance. */
export type Values = ReadonlySet<string> | 'any';
export type LabelValues = ReadonlyMap<string, Values>;

export type KnownMetric = {
  readonly labels: LabelValues;
  /**
   * The labels of each scraped series. Undefined where only the labels are known, not their combinations: for metrics
   * of recording rules, of Prometheus itself and of third-party programs.
   */
  readonly series: readonly Labels[] | undefined;
};

/** The metrics that queries may use, by name. */
export type KnownSeries = ReadonlyMap<string, KnownMetric>;

/** The series of one scraped program, and its job. */
export type Scrape = { readonly job: string; readonly series: readonly Series[] };

/** Returns the metrics of the scrapes, of Prometheus itself and of third-party programs (`EXPORTED`). */
export function knownFrom(scrapes: readonly Scrape[]): Map<string, KnownMetric> {
  const series = Map.groupBy(
    scrapes.flatMap(({ job, series: found }) =>
      found.map(({ name, labels }) => ({ name, labels: { ...labels, job } })),
    ),
    ({ name }) => name,
  );
  const scraped = [...series].map(([name, found]): [string, KnownMetric] => {
    const all = found.map(({ labels }) => labels);
    return [name, { labels: labelValues(all), series: all }];
  });
  const jobs = new Set([...scrapes.map(({ job }) => job), ...EXPORTED.map(({ job }) => job)]);
  const target: [string, Values][] = [
    ['job', jobs],
    ['instance', 'any'],
  ];
  const own = OF_PROMETHEUS.map(({ name, labels }): [string, KnownMetric] => [
    name,
    { labels: new Map([...target, ...Object.entries(labels)]), series: undefined },
  ]);
  const elsewhere = EXPORTED.flatMap(({ job, metrics }) =>
    Object.entries(metrics).map(([name, labels]): [string, KnownMetric] => [
      name,
      {
        labels: new Map<string, Values>([
          ['job', new Set([job])],
          ['instance', 'any'],
          ...labels.map((label): [string, Values] => [label, 'any']),
        ]),
        series: undefined,
      },
    ]),
  );
  return new Map([...scraped, ...own, ...elsewhere]);
}

/** Series that Prometheus adds for each of its targets. */
const OF_PROMETHEUS: readonly { readonly name: string; readonly labels: Readonly<Record<string, Values>> }[] = [
  { name: 'up', labels: {} },
  { name: 'scrape_duration_seconds', labels: {} },
  { name: 'scrape_samples_scraped', labels: {} },
  { name: 'scrape_samples_post_metric_relabeling', labels: {} },
  { name: 'scrape_series_added', labels: {} },
];

function labelValues(series: readonly Labels[]): LabelValues {
  const names = new Set(series.flatMap((labels) => Object.keys(labels)));
  const values = [...names].map((name): [string, Values] => [
    name,
    new Set(series.flatMap(({ [name]: value }) => (value === undefined ? [] : [value]))),
  ]);
  return new Map([...values, ['instance', 'any']]);
}

/** The values of a label in either of two metrics. */
export const union = (one: Values | undefined, other: Values | undefined): Values =>
  one === 'any' || other === 'any' ? 'any' : new Set([...(one ?? []), ...(other ?? [])]);
