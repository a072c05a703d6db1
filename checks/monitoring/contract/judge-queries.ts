import { lineAt } from './blocks-in-markdown.ts';
import { didYouMean } from './did-you-mean.ts';
import { judgePromql } from './judge-promql.ts';
import { keptLabels } from './kept-labels.ts';
import type { KnownMetric, KnownSeries, Values } from './known-series.ts';
import type { Query } from './query.ts';
import { readPromql } from './read-promql.ts';

/** Something that is named in a file and is not there. */
export type Problem = { readonly file: string; readonly line: number; readonly what: string };

export const told = ({ file, line, what }: Problem): string => `${file}:${line}: ${what}`;

/** Every query held against what the product exposes and what the rules among them record. */
export function judgeQueries(queries: readonly Query[], known: KnownSeries): Problem[] {
  return queries.flatMap((query) => [
    ...judgePromql(query.promql, known).map(({ word, what }) => ({
      file: query.file,
      line: lineOf(query, word.text, word.from),
      what,
    })),
    ...judgeShown(query, known),
  ]);
}

/** With what the recording rules among these queries make of it, whatever order they come in. */
export function withRecorded(queries: readonly Query[], scraped: KnownSeries): KnownSeries {
  const known = new Map(scraped);
  const rules = queries.filter(({ records }) => records !== undefined);
  for (let round = 0; round <= rules.length; round += 1) {
    const before = known.size;
    for (const rule of rules) record(rule, known);
    if (known.size === before && round > 0) break;
  }
  for (const [name, metric] of alertSeries(queries)) known.set(name, metric);
  return known;
}

function record({ promql, records = '', adds = {} }: Query, known: Map<string, KnownMetric>): void {
  const read = readPromql(promql);
  const labels = new Map('mistake' in read ? [] : keptLabels(read.expression, known));
  for (const [label, value] of Object.entries(adds)) labels.set(label, new Set([value]));
  // Several rules may record one metric.
  for (const [label, values] of known.get(records)?.labels ?? []) labels.set(label, both(labels.get(label), values));
  known.set(records, { labels, series: undefined });
}

/** Prometheus keeps what its alerts stand at as series of two names. */
function alertSeries(queries: readonly Query[]): [string, KnownMetric][] {
  const alerts = queries.filter(({ alerts: name }) => name !== undefined);
  const labels = new Map<string, Values>([
    ['job', 'any'],
    ['instance', 'any'],
    ...alerts.flatMap(({ adds = {} }) => Object.keys(adds).map((label): [string, Values] => [label, 'any'])),
    ['alertname', new Set(alerts.flatMap(({ alerts: name }) => (name === undefined ? [] : [name])))],
  ]);
  const states = new Map(labels).set('alertstate', new Set(['pending', 'firing']));
  return [
    ['ALERTS', { labels: states, series: undefined }],
    ['ALERTS_FOR_STATE', { labels, series: undefined }],
  ];
}

const both = (one: Values | undefined, other: Values): Values =>
  one === 'any' || other === 'any' ? 'any' : new Set([...(one ?? []), ...other]);

/** A text that shows a label of the answer needs it to be there. */
function judgeShown({ file, text, promql, shows }: Query, known: KnownSeries): Problem[] {
  if (shows.length === 0) return [];
  const read = readPromql(promql);
  const labels = 'mistake' in read ? undefined : keptLabels(read.expression, known);
  if (labels === undefined) return [];
  return shows
    .filter(({ label }) => !labels.has(label))
    .map(({ label, from }) => {
      const near = didYouMean(label, labels.keys());
      const hint = near.length > 0 ? `; did you mean ${near.join(', ')}?` : '';
      return { file, line: lineAt(text, from), what: `the answer has no label ${label} to show${hint}` };
    });
}

/** The line of the file on which a word of the expression stands: as often as it comes before in the expression, it does in the file. */
function lineOf({ promql, text, from, to }: Query, word: string, at: number): number {
  const before = promql.slice(0, at).split(word).length - 1;
  let found = from;
  for (let nth = 0, next = from; nth <= before; nth += 1, next = found + word.length) {
    const there = text.indexOf(word, next);
    if (there < 0 || there >= to) break;
    found = there;
  }
  return lineAt(text, found);
}
