import { boundOf, measuredOf } from './format-limit.ts';
import { formatMs, formatNumber, formatShare } from './format-value.ts';
import type { Result } from './result.ts';
import { callsOf, percentileOf, secondsOf, tally } from './series-of-result.ts';

/** A table for the HTML report and for the Markdown documents. */
export type Table = { readonly headings: readonly string[]; readonly rows: readonly (readonly string[])[] };

export function operationsTable(result: Result): Table {
  const seconds = secondsOf(result);
  const rows = result.series.map(({ name, arm, windows }) => {
    const all = tally(windows);
    const calls = callsOf(all);
    const times = [0.5, 0.95, 0.99].map((share) => formatMs(percentileOf(all, share)));
    const lost = [all.refused, all.unknown, all.shed].map((count) => (count === 0 ? '–' : formatNumber(count)));
    return [name, arm, formatNumber(calls), formatNumber(calls / seconds), ...times, ...lost];
  });
  const headings = ['operation', 'arm', 'calls', 'per second', 'p50', 'p95', 'p99', 'refused', 'no answer', 'shed'];
  return { headings, rows };
}

export const limitsTable = ({ limits }: Result): Table => ({
  headings: ['limit', 'allowed', 'measured', ''],
  rows: limits.map((limit) => [limit.what, boundOf(limit), measuredOf(limit), limit.kept ? 'kept' : 'missed']),
});

export const faultsTable = ({ faults }: Result): Table => ({
  headings: ['fault', 'at', 'lasted', 'counted from', 'first acknowledged write', 'p95 back to normal'],
  rows: faults.map(({ name, at, until, from, firstWriteMs, normalMs, p95BeforeMs }) => [
    name,
    `${formatNumber(at / 1_000)} s`,
    formatMs(until - at),
    from === 'kill' ? 'the kill' : 'its end',
    firstWriteMs === null ? 'never' : formatMs(firstWriteMs),
    normalMs === null ? 'not in this run' : `${formatMs(normalMs)} (within 1.5 × ${formatMs(p95BeforeMs)})`,
  ]),
});

export const promisesTable = ({ proof }: Result): Table => ({
  headings: ['guarantee', 'comparisons', 'violations'],
  rows: [
    ...proof.promises.map(({ promise, compared, findings }) => [promise, formatNumber(compared), String(findings)]),
    ...(proof.audit === null
      ? []
      : [
          [
            'verify-sessions --all',
            proof.audit.summary,
            proof.audit.exitCode === 0 ? '0' : `exit ${proof.audit.exitCode}`,
          ],
        ]),
  ],
});

export const comparisonsTable = ({ proof }: Result): Table => ({
  headings: ['checker', 'compared', 'count', 'findings'],
  rows: proof.checkers.flatMap(({ checker, compared, findings }) =>
    Object.entries(compared).map(([what, count], at) => [
      checker,
      what,
      formatNumber(count),
      at === 0 ? String(findings) : '',
    ]),
  ),
});

export const resourcesTable = (result: Result): Table => ({
  headings: ['process', 'CPU, mean', 'CPU, highest window', 'memory, highest'],
  rows: result.resources.map(({ of, cpuSeconds, windows }) => {
    const there = windows.filter((one) => one !== null);
    const bytes = Math.max(0, ...there.map(({ memoryBytes }) => memoryBytes));
    const cores = Math.max(0, ...there.map((one) => one.cores));
    const mean = cpuSeconds / Math.max(1, secondsOf(result));
    return [
      of,
      `${formatNumber(mean)} cores`,
      `${formatNumber(cores)} cores`,
      bytes === 0 ? '–' : `${formatNumber(bytes / 1024 ** 2)} MiB`,
    ];
  }),
});

export function factsRows({ facts, windows, droppedArrivals, series }: Result): readonly (readonly [string, string])[] {
  const all = tally(series.flatMap((one) => one.windows));
  const calls = callsOf(all);
  const { machine, versions } = facts;
  const width = Math.max(0, ...windows.map(({ from, to }) => to - from)) / 1_000;
  return [
    ['users', formatNumber(facts.users)],
    [
      'duration',
      `${formatNumber(facts.durationSeconds)} s, in ${windows.length} windows of at most ${formatNumber(width)} s`,
    ],
    [
      'API',
      `${facts.apis} process${facts.apis === 1 ? '' : 'es'}${facts.workersPerApi > 1 ? ` of ${facts.workersPerApi} workers` : ''}`,
    ],
    ['sessions before', facts.sessionsBefore === null ? 'not counted' : formatNumber(facts.sessionsBefore)],
    ['calls', formatNumber(calls)],
    ['without an answer', `${formatNumber(all.unknown)} (${formatShare(calls === 0 ? 0 : all.unknown / calls)})`],
    ['shed', `${formatNumber(all.shed)} (${formatShare(calls === 0 ? 0 : all.shed / calls)})`],
    ['arrivals dropped', formatNumber(droppedArrivals)],
    [
      'machine',
      `${machine.cores} cores (${machine.cpuModel}), ${formatNumber(machine.memoryBytes / 1024 ** 3)} GiB; also runs the load generator`,
    ],
    ['versions', `Node ${versions.node}, k6 ${versions.k6}, PostgreSQL ${versions.postgresql}`],
    ['revision', facts.revision ?? 'unknown'],
  ];
}
