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

/** Generates docs/load.md from the results, and lists the scenarios that have not been run. */
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
    'How the service behaves under load, measured with `pnpm load` (how to run it: [loadtests](../loadtests/README.md)). Every number on this page is generated from a file in `loadtests/results`. [Scaling](scaling.md) extrapolates the numbers to many more users.',
    '',
    ...MODELS,
    ...PROOF,
    '## Runs',
    '',
    ...markdownTable({
      headings: ['scenario', 'purpose', 'proof', 'limits'],
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
    findings.length === 0 ? 'no findings' : `**${findings.length} findings**`,
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
          'Ratio of the periods with the purge worker to those without it:',
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
  'p95: of the open arm. CPU and memory: the highest values of API and PostgreSQL together; CPU is a mean of ten seconds, as a share of the machine. Compared: acknowledged writes that the proof searched for after the run. Taken by the host: CPU time that the host of this virtual machine withheld while a process was ready to run (steal time), as a share of one core. A busy host causes latency, shed calls and dropped arrivals that the service does not cause.';

const RECOVERY =
  'Latency is back to normal at the first whole second from which the p95 of all calls stays for three seconds within 1.5 times the p95 of the ten seconds before the fault. A call without an answer counts as slower than all others.';

const MODELS = [
  '## How load is generated',
  '',
  '**Closed arm.** A fixed number of users, each of whom waits for an answer, pauses (think time), and sends the next call. The users arrive during the first tenth of the run, at most thirty seconds. The user count of a scenario refers to this arm, which shows what that many users experience. It does not support claims about latency: when the service stalls for a second, each user sends one slow call and waits, so the other calls of that second, which would also have been slow, are never sent. This effect is called _coordinated omission_: the percentiles leave out the worst moments.',
  '',
  '**Open arm.** Calls arrive at a constant rate, whether earlier calls were answered or not. During a stall of a second every arriving call is slow, and each is counted with its full duration. Every scenario except contention and runners has an open arm beside the closed one, and every latency limit on this page applies to the open arm. If k6 has no free user for an arrival, it drops the arrival. A dropped arrival is reported, and counts as a call that exceeded the limit.',
  '',
  'A call without an answer has no duration. The percentiles in the tables leave it out, and the limits count it as slower than all others. Latency limits apply to successful calls only, because fast refusals would make them easier to keep. At most 1 % of the calls of the open arm may be refused; a start that is sent to get a question, and gets it, does not count as refused. Histogram buckets are 2 % wide and a percentile is the upper end of its bucket, so it is never reported too low. k6 runs on the same machine as the service: CPU and memory are measured per process, and latencies include the effect of the CPU time that k6 uses.',
  '',
];

const PROOF = [
  '## What each run proves',
  '',
  'Each call and its answer are recorded as a history. After the run, the rules of the [reliability campaign](reliability.md) check the history on its own and against the database rows: nothing acknowledged is lost, no slot ever had two live sessions, no stale generation was accepted, and `verify-sessions --all` finds nothing. A run that violates one of these has failed, however fast it was, and so has a run with nothing to compare.',
  '',
];
