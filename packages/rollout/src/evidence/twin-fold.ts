import type { Sample, Series } from '../prometheus/prometheus.ts';
import type { Doubled } from './evidence.ts';
import { differenceOf, ownKey, seriesKey } from './own-labels.ts';
import { lastSeen, type ProcessLife, processAt } from './process-life.ts';

/** The time between the first and the last sample. */
type Seen = { readonly firstAt: number; lastAt: number };
type SeenSeries = Seen & { readonly labels: Series['labels'] };

/** Series and processes that may be read twice (twins), so that their events would be counted twice. */
export type TwinFold = {
  /** By process and counted metric, then by all labels of the series. */
  readonly series: Map<string, Map<string, SeenSeries>>;
  /** By the id of a process, then by the instance label under which it was scraped. */
  readonly processes: Map<string, Map<string, Seen>>;
};

export const newTwins = (): TwinFold => ({ series: new Map(), processes: new Map() });

/**
 * Adds a series. Two series of one process that differ only in labels our programs do not set count the same events
 * twice: two Prometheus servers behind one query layer, or a label that was changed within the bake. Series of two
 * successive processes of one instance are no duplicates.
 */
export function foldSeries({ series }: TwinFold, { labels, samples }: Series, life: ProcessLife): void {
  const known = lastSeen(life) ?? Number.POSITIVE_INFINITY;
  const counted = `${labels.instance ?? ''} ${ownKey(labels)}`;
  const name = seriesKey(labels);
  let until = Number.NEGATIVE_INFINITY;
  let seen: SeenSeries | undefined;
  for (const { at } of samples) {
    if (at > known) continue;
    if (seen === undefined || at > until) {
      const process = processAt(life, at);
      until = process?.lastAt ?? at;
      const key = `${process?.startedAt ?? ''} ${counted}`;
      const views = series.get(key) ?? new Map<string, SeenSeries>();
      series.set(key, views);
      seen = views.get(name) ?? { labels, firstAt: at, lastAt: at };
      views.set(name, seen);
    }
    seen.lastAt = Math.max(seen.lastAt, at);
  }
}

/**
 * Adds a process, by the id that it generated at its start. A process that is scraped under two names counts everything
 * twice.
 */
export function foldProcess({ processes }: TwinFold, labels: Series['labels'], samples: readonly Sample[]): void {
  const { process = '', instance = '' } = labels;
  const [first, last] = [samples[0], samples.at(-1)];
  if (process === '' || first === undefined || last === undefined) return;
  const names = processes.get(process) ?? new Map<string, Seen>();
  processes.set(process, names);
  const seen = names.get(instance);
  if (seen === undefined) names.set(instance, { firstAt: first.at, lastAt: last.at });
  else seen.lastAt = Math.max(seen.lastAt, last.at);
}

export type TwinWindow = { readonly from: number; readonly to: number; readonly oldestMs: number };

export function doubledIn({ series, processes }: TwinFold, window: TwinWindow): Doubled[] {
  const found = new Map<string, Doubled>();
  const add = (key: string, doubled: Doubled): void => {
    const before = found.get(key);
    if (before === undefined || until(doubled) > until(before)) found.set(key, doubled);
  };
  for (const views of series.values())
    for (const [one, other] of pairs([...views.values()])) {
      const over = overBy(one, other, window);
      if (over === null) continue;
      const { instance = '', __name__: metric = '' } = one.labels;
      const apart = differenceOf(one.labels, other.labels).join(', ');
      const detail = `${metric} of ${instance} exists twice and differs only in ${apart}: every event is counted twice`;
      add(JSON.stringify(['series', instance]), { kind: 'series', instances: [instance], detail, ...over });
    }
  for (const names of processes.values())
    for (const [[one, seen], [other, also]] of pairs([...names])) {
      const over = overBy(seen, also, window);
      if (over === null) continue;
      const instances = [one, other].toSorted();
      const detail = `${instances.join(' and ')} are one process: every event is counted twice`;
      add(JSON.stringify(['process', instances]), { kind: 'process', instances, detail, ...over });
    }
  return [...found.values()];
}

const until = ({ overAt }: Doubled): number => overAt ?? Number.POSITIVE_INFINITY;

/**
 * The time from which a bake counts nothing twice: both have a base by then, or one is gone. Null if the duplication
 * ended before the bake.
 */
function overBy(one: Seen, other: Seen, { from, to, oldestMs }: TwinWindow): Pick<Doubled, 'overAt'> | null {
  const bothFrom = Math.max(one.firstAt, other.firstAt);
  const bothTo = Math.min(one.lastAt, other.lastAt);
  if (bothTo >= bothFrom && bothTo >= to - oldestMs) return { overAt: null };
  const overAt = Math.max(bothFrom, bothTo);
  return overAt > from ? { overAt } : null;
}

const pairs = <Item>(items: readonly Item[]): [Item, Item][] =>
  items.flatMap((one, index) => items.slice(index + 1).map((other): [Item, Item] => [one, other]));

/** Whether a series or a process may have been read twice. */
export const hasTwins = ({ series, processes }: TwinFold): boolean =>
  [...series.values(), ...processes.values()].some(({ size }) => size > 1);

/** The id of the process under which an instance was last scraped; null if it was not reported since `since`. */
export function processIdOf({ processes }: TwinFold, instance: string, since: number): string | null {
  for (const [id, names] of processes)
    if ((names.get(instance)?.lastAt ?? Number.NEGATIVE_INFINITY) >= since) return id;
  return null;
}

/** Names of instances whose process was seen under another name before. */
export function secondNames({ processes }: TwinFold): ReadonlySet<string> {
  return new Set(
    [...processes.values()].flatMap((names) =>
      [...names]
        .toSorted(([a, seen], [b, also]) => seen.firstAt - also.firstAt || (a < b ? -1 : 1))
        .slice(1)
        .map(([instance]) => instance),
    ),
  );
}
