import { comparePeriods } from './compare-results.ts';
import { figuresTable } from './figures-table.ts';
import { missesOf } from './format-limit.ts';
import { KNOWN_SCENARIOS } from './known-scenarios.ts';
import { comparisonTable, EXPLANATION, PURGE_WORDS } from './print-comparison.ts';
import type { Result } from './result.ts';
import {
  factsRows,
  faultsTable,
  limitsTable,
  operationsTable,
  promisesTable,
  resourcesTable,
} from './rows-of-result.ts';
import { sizesTable } from './sizes-table.ts';
import { markdownTable } from './table-as-text.ts';

export const MADE_FROM =
  '<!-- Made from loadtests/results: PHASELOCK_UPDATE_DOCS=1 npx pnpm@12 test loadtests/report/pages -->';

export type NamedPicture = { readonly file: string; readonly title: string };

/** docs/load.md: what runs have shown. Whatever was not run is named as such. */
export function loadPage(
  results: ReadonlyMap<string, Result>,
  picturesOf: (result: Result) => readonly NamedPicture[],
): string {
  const others = [...results.keys()].filter((name) => !KNOWN_SCENARIOS.some(([known]) => known === name));
  const scenarios = [...KNOWN_SCENARIOS, ...others.map((name) => [name, ''] as const)];
  return `${[
    MADE_FROM,
    '',
    '# Load',
    '',
    'What the service does under load, from runs of `pnpm load` (how to run one: [loadtests](../loadtests/README.md)). Each number here comes from a file in `loadtests/results`; none is typed. What the numbers mean for many more users is in [scaling](scaling.md).',
    '',
    ...MODELS,
    ...PROOF,
    '## Runs',
    '',
    ...markdownTable({
      headings: ['scenario', 'what for', 'proof', 'limits'],
      rows: scenarios.map(([name, about]) => [
        `[${name}](#${name.toLowerCase()})`,
        about,
        ...statesOf(results.get(name)),
      ]),
    }),
    '',
    ...figuresOf(scenarios.flatMap(([name]) => results.get(name) ?? [])),
    ...sizesOf(results),
    ...scenarios.flatMap(([name, about]) => sectionOf(name, about, results.get(name), picturesOf)),
  ]
    .join('\n')
    .trimEnd()}\n`;
}

function figuresOf(results: readonly Result[]): string[] {
  if (results.length === 0) return [];
  return ['## Figures', '', ...markdownTable(figuresTable(results)), '', FIGURES, ''];
}

function sizesOf(results: ReadonlyMap<string, Result>): string[] {
  const table = sizesTable(results.values());
  if (table.rows.length < 2) return [];
  return ['## With more data', '', ...markdownTable(table), ''];
}

function statesOf(result: Result | undefined): [string, string] {
  if (result === undefined) return ['not run yet', 'not run yet'];
  const { findings } = result.proof;
  const misses = missesOf(result.limits);
  return [
    findings.length === 0 ? 'nothing found' : `**${findings.length} findings**`,
    misses.length === 0 ? 'kept' : `**${misses.length} missed**`,
  ];
}

function sectionOf(
  name: string,
  about: string,
  result: Result | undefined,
  picturesOf: (result: Result) => readonly NamedPicture[],
): string[] {
  if (result === undefined) return [`### ${name}`, '', about, '', 'Not run yet.', ''];
  const paired = comparePeriods(result);
  return [
    `### ${name}`,
    '',
    about,
    '',
    ...markdownTable({ headings: ['', ''], rows: factsRows(result).map((row) => [...row]) }),
    '',
    ...picturesOf(result).flatMap(({ file, title }) => [`![${title}](${file})`, '']),
    ...markdownTable(limitsTable(result)),
    '',
    ...markdownTable(operationsTable(result)),
    '',
    ...(result.faults.length === 0 ? [] : [...markdownTable(faultsTable(result)), '', RECOVERY, '']),
    ...(paired.length === 0
      ? []
      : [
          'With the purge worker, over without it:',
          '',
          ...markdownTable(comparisonTable(paired, PURGE_WORDS)),
          '',
          EXPLANATION,
          '',
        ]),
    ...(result.resources.length === 0 ? [] : [...markdownTable(resourcesTable(result)), '']),
    ...markdownTable(promisesTable(result)),
    '',
    ...result.proof.notChecked.map((what) => `Not checked: ${what}.\n`),
    ...result.proof.findings.map((what) => `- finding: ${what}`),
    ...(result.proof.findings.length === 0 ? [] : ['']),
  ];
}

const FIGURES =
  'p95: of the open arm. CPU and memory: of API and PostgreSQL together at their highest, CPU as a mean of ten seconds and as a share of the machine. Compared: acknowledged writes that were looked for afterwards. Taken by the host: what the host of this virtual machine gave to others while programs here were ready to run, as a share of the time of one core; a busy host shows as latency, shed calls and dropped arrivals that are none of the service.';

const RECOVERY =
  'Latency is as before at the first whole second from which the p95 of all calls stays within 1.5 times that of the ten seconds before the fault, for three seconds. A call without an answer counts as slower than all.';

const MODELS = [
  '## How load is made',
  '',
  '**Closed arm.** A fixed number of users, each of whom waits for an answer, thinks, and goes on; they arrive over the first tenth of the run, and over thirty seconds at the most. This is how "100 users" is meant, and it says what so many users meet. It must not be used for a claim about latency: when the service stalls for a second, each user sends one slow call and then waits with all the others that would have come meanwhile. The calls that would have been slow are never made. This is _coordinated omission_: the measured percentiles leave out just what was worst.',
  '',
  '**Open arm.** Calls arrive at a constant rate, whatever became of the ones before. A stall of a second is met by every call that arrives in it, and each is counted with the time it took. Beside the closed users there is an open arm (in all scenarios but contention and runners, of which no latency is claimed), and every limit of latency on this page is held against it. Where no user is free to make an arrival, k6 drops it: a dropped arrival counts as a call that took longer than the limit, and is told.',
  '',
  'A call without an answer has no time. It is left out of the percentiles in the tables, which are of answers, and counts as slower than all others where a limit is held. Limits of latency are held over calls that were done: what is refused at once would only help to keep them. At most 1 % of the calls of the open arm may be refused; a start that is answered by the question it was sent for is not. Histograms have buckets 2 % wide and a percentile is the upper end of its bucket, so that it is never told too low. The load is made on the machine that it is put on: CPU and memory of the service are measured by process, and latencies include what k6 takes from it.',
  '',
];

const PROOF = [
  '## What is proven of each run',
  '',
  'Each call and its answer are kept as a history, and the history is held against the rules of the [reliability campaign](reliability.md) and against the rows in the end: nothing acknowledged is lost, no slot ever had two live sessions, no stale generation was accepted, and `verify-sessions --all` finds nothing. A run that breaks one of these has failed, however fast it was; so has one that had nothing to compare.',
  '',
];
