import { lineAt } from './blocks-in-markdown.ts';
import { didYouMean } from './did-you-mean.ts';
import { judgePromql } from './judge-promql.ts';
import { keptLabels } from './kept-labels.ts';
import type { KnownMetric, KnownSeries, Values } from './known-series.ts';
import type { Query } from './query.ts';
import { readPromql } from './read-promql.ts';

/** A name in a file that does not exist in the product. */
export type Problem = { readonly file: string; readonly line: number; readonly what: string };

export const told = ({ file, line, what }: Problem): string => `${file}:${line}: ${what}`;

/** Checks every query against the known series. */
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

/** The scraped series and those that the rules among these queries record, in whatever order the rules are given. */
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

/** The two series in which Prometheus stores the state of alerts. */
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

/** Reports labels that a text shows and the result of its query does not have. */
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
      return { file, line: lineAt(text, from), what: `the result has no label ${label} to show${hint}` };
    });
}

/** The line of a word of the expression. The nth occurrence in the expression is the nth in that part of the file. */
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
