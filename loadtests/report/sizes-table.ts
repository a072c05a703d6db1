import { formatMs, formatNumber } from './format-value.ts';
import { measuredIn } from './measured-in-result.ts';
import type { Result } from './result.ts';
import type { Table } from './rows-of-result.ts';
import { callsOf, percentileOf, secondsOf, tally } from './series-of-result.ts';

/** The operations of the open arm, the only arm whose latency may be claimed. */
const CLAIMED = ['lookup', 'question', 'replace'] as const;

/** The data-size runs, one row each, smallest first. */
export function sizesTable(results: Iterable<Result>): Table {
  const sized = [...results]
    .filter(({ facts }) => facts.scenario === 'data-size' && facts.sessionsBefore !== null)
    .toSorted((a, b) => (a.facts.sessionsBefore ?? 0) - (b.facts.sessionsBefore ?? 0));
  return {
    headings: [
      'sessions before',
      'calls a second',
      ...CLAIMED.map((name) => `p50 / p95 / p99 of ${name}, open arm`),
      'CPU a call, API',
      'CPU a call, PostgreSQL',
      'memory of PostgreSQL',
    ],
    rows: sized.map((result) => {
      const calls = callsOf(tally(result.series.flatMap(({ windows }) => windows)));
      const measured = measuredIn(result);
      const cpuOf = (cores: number | undefined) =>
        cores === undefined ? 'not measured' : formatMs((cores * secondsOf(result) * 1_000) / Math.max(1, calls));
      return [
        formatNumber(result.facts.sessionsBefore ?? 0),
        formatNumber(calls / secondsOf(result)),
        ...CLAIMED.map((name) => timesOf(result, name)),
        cpuOf(measured?.apiCores),
        cpuOf(measured?.databaseCores),
        measured === undefined ? 'not measured' : `${formatNumber(measured.databaseMemoryBytes / 1024 ** 2)} MiB`,
      ];
    }),
  };
}

function timesOf({ series }: Result, name: string): string {
  const found = series.find((one) => one.name === name && one.arm === 'open');
  if (found === undefined) return 'not asked';
  const all = tally(found.windows);
  return [0.5, 0.95, 0.99].map((share) => formatMs(percentileOf(all, share))).join(' / ');
}
