import { comparePeriods, compareRuns, type Ratio } from './compare-results.ts';
import { formatMs, formatNumber } from './format-value.ts';
import { type Result, readResult } from './result.ts';
import type { Table } from './rows-of-result.ts';
import { plainTable } from './table-as-text.ts';

/** Compares two runs as text: ratios B/A, and for runs with purge periods the ratios with/without the purge worker. */
export async function compareResults(pathA: string, pathB: string): Promise<string> {
  const [a, b] = [await readResult(pathA), await readResult(pathB)];
  return comparisonText(a, b);
}

export function comparisonText(a: Result, b: Result): string {
  const between = compareRuns(a, b);
  const within = [['A', a] as const, ['B', b] as const]
    .filter(([, { windows }]) => windows.some(({ purge }) => purge === true))
    .map(([letter, result]) => ({ letter, ratios: comparePeriods(result) }));
  return [
    `A: ${named(a)}`,
    `B: ${named(b)}`,
    ...differences(a, b).map((line) => `Note: ${line}`),
    '',
    ...linesOf(between),
    ...within.flatMap(({ letter, ratios }) => [
      '',
      `Within ${letter}, with the purge worker compared with without it:`,
      ...linesOf(ratios, PURGE_WORDS),
    ]),
    ...([between, ...within.map(({ ratios }) => ratios)].some(({ length }) => length > 0)
      ? ['', EXPLANATION, ARMS]
      : []),
  ].join('\n');
}

const NOTHING = 'Nothing to compare: no operation has 40 answered calls on both sides in the same arm.';
const ARMS = 'Claims about latency rest on the open arm; rows of the closed arm show what its users experienced.';

const linesOf = (ratios: readonly Ratio[], words = RUN_WORDS): string[] =>
  ratios.length === 0 ? [NOTHING] : plainTable(comparisonTable(ratios, words));

export const EXPLANATION =
  'Intervals are 95 % bootstrap intervals over blocks of windows. Each applies to its row alone: of twenty rows without a true difference, about one shows a difference.';

type Words = { readonly a: string; readonly b: string };
const RUN_WORDS: Words = { a: 'A', b: 'B' };
export const PURGE_WORDS: Words = { a: 'without', b: 'with' };

export function comparisonTable(ratios: readonly Ratio[], { a, b }: Words = RUN_WORDS): Table {
  const rows = ratios.map((one) => {
    const show = one.what === 'throughput' ? (value: number) => `${formatNumber(value)}/s` : formatMs;
    return [one.of, one.what, show(one.a), show(one.b), ratioText(one.ratio), intervalText(one), saying(one)];
  });
  return { headings: ['operation', 'of', a, b, `${b}/${a}`, '95 % interval', ''], rows };
}

const ratioText = (ratio: number): string => ratio.toFixed(ratio < 10 ? 3 : 1);

const intervalText = ({ interval }: Ratio): string =>
  interval === undefined ? 'too few windows' : `${ratioText(interval.low)} to ${ratioText(interval.high)}`;

function saying({ interval, what }: Ratio): string {
  if (interval === undefined) return '';
  if (interval.low <= 1 && interval.high >= 1) return 'no difference shown';
  const isMore = interval.low > 1;
  return what === 'throughput' ? (isMore ? 'more' : 'less') : isMore ? 'slower' : 'faster';
}

const named = ({ facts }: Result): string =>
  `${facts.scenario}, ${facts.users} users, ${facts.durationSeconds} s, ${facts.apis} × ${facts.workersPerApi} API, revision ${facts.revision ?? 'unknown'}, ${facts.startedAt}`;

/** Differences between the runs other than the tested change, which also affect the ratios. */
function differences({ facts: a }: Result, { facts: b }: Result): string[] {
  return [
    ...(a.scenario === b.scenario ? [] : ['the scenarios differ']),
    ...(a.users === b.users ? [] : [`${a.users} users against ${b.users}`]),
    ...(a.machine.cpuModel === b.machine.cpuModel && a.machine.cores === b.machine.cores
      ? []
      : ['the machines differ']),
    ...(a.apis === b.apis && a.workersPerApi === b.workersPerApi ? [] : ['the numbers of API processes differ']),
    ...(a.sessionsBefore === b.sessionsBefore ? [] : ['the numbers of sessions before the run differ']),
  ];
}
