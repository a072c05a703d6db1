import { TAKEN_BY_HOST } from '../run/resources/count-machine.ts';
import { missesOf } from './format-limit.ts';
import { formatMs, formatNumber, formatShare } from './format-value.ts';
import { nameOfResult } from './name-of-result.ts';
import type { Result } from './result.ts';
import type { Table } from './rows-of-result.ts';
import { callsOf, percentileOf, secondsOf, seriesOf, tally } from './series-of-result.ts';

/** The figures that the spec limits, one row per run. */
export const figuresTable = (results: readonly Result[]): Table => ({
  headings: [
    'scenario',
    'users',
    'calls a second',
    'p95 lookup',
    'p95 replace',
    'shed',
    'CPU',
    'memory',
    'taken by the host',
    'compared',
    'lost',
    'limits',
  ],
  rows: results.map((result) => {
    const all = tally(result.series.flatMap(({ windows }) => windows));
    const calls = callsOf(all);
    const kept = result.proof.promises.find(({ promise }) => promise === 'nothing acknowledged is lost');
    const misses = missesOf(result.limits).length;
    return [
      nameOfResult(result),
      formatNumber(result.facts.users),
      formatNumber(calls / secondsOf(result)),
      p95Of(result, 'lookup'),
      p95Of(result, 'replace'),
      formatShare(calls === 0 ? 0 : all.shed / calls),
      ...serverOf(result),
      takenByHost(result),
      kept === undefined ? 'not compared' : formatNumber(kept.compared),
      kept === undefined ? 'not compared' : formatNumber(kept.findings),
      misses === 0 ? 'kept' : `**${misses} missed**`,
    ];
  }),
});

function p95Of(result: Result, name: string): string {
  const found = seriesOf(result, name, 'open');
  return found === undefined ? '–' : formatMs(percentileOf(tally(found.windows), 0.95));
}

const serverOf = ({ server, facts }: Result): [string, string] =>
  server === null
    ? ['not sampled', 'not sampled']
    : [
        formatShare(server.highestCores / facts.machine.cores),
        `${formatNumber(server.highestMemoryBytes / 1024 ** 2)} MiB`,
      ];

function takenByHost(result: Result): string {
  const taken = result.resources.find(({ of }) => of === TAKEN_BY_HOST);
  return taken === undefined ? 'not sampled' : formatShare(taken.cpuSeconds / Math.max(1, secondsOf(result)));
}
