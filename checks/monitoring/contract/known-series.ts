import { EXPORTED } from './exported-elsewhere.ts';
import type { Labels, Series } from './read-exposition.ts';

/** The values a label has; `any` where they are not ours to know, as an instance's address. */
export type Values = ReadonlySet<string> | 'any';
export type LabelValues = ReadonlyMap<string, Values>;

export type KnownMetric = {
  readonly labels: LabelValues;
  /** Each series of it, where it was scraped. What a rule records or an exporter tells is known by its labels alone. */
  readonly series: readonly Labels[] | undefined;
};

export type KnownSeries = ReadonlyMap<string, KnownMetric>;

/** What one program answered to a scrape, and the job it is scraped as. */
export type Scrape = { readonly job: string; readonly series: readonly Series[] };

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

/** What Prometheus says of its targets and of the alerts, besides what it scraped. */
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

export const union = (one: Values | undefined, other: Values | undefined): Values =>
  one === 'any' || other === 'any' ? 'any' : new Set([...(one ?? []), ...(other ?? [])]);
