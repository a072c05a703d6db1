import { availableParallelism } from 'node:os';
import type { StruckFault } from './faults/strike-faults.ts';
import type { Judgement } from './judge-campaign.ts';

type Cell = string | number;

/** The report, as it is printed and as it is kept in docs/reliability.md. */
export function reportOf(judgement: Judgement): string {
  const { campaign, counts, rules, findings, tolerated } = judgement;
  const { options, faults, operations, ranMs, audit, purgeRuns, final } = campaign;
  const seconds = ranMs / 1_000;
  return [
    '# Reliability',
    '',
    'What became of the promises of the API while everything it needs was broken again and again. Made by `npx pnpm@12 chaos --report docs/reliability.md`;',
    'what it does and how its history is judged is in [decision 0030](decisions/0030-judged-by-what-clients-saw.md).',
    '',
    '## The run',
    '',
    `Seed ${options.seed}, ${(options.seconds / 60).toFixed(1)} minutes, ${options.clients} clients, ${availableParallelism()} cores shared by clients, two API processes, PostgreSQL, Redis and a purge worker;`,
    `leases of ${options.leaseMs} ms; after a kill PostgreSQL is started again by ${options.keeper === 'campaign' ? 'the campaign' : 'the API processes'}.`,
    '',
    ...table(
      ['', ''],
      [
        ['operations', operations],
        ['operations a second, outages included', Math.round(operations / seconds)],
        ['faults', `${faults.struck.length} of ${new Set(faults.struck.map(({ name }) => name)).size} kinds`],
        ['outcomes that stayed unknown to the client', [...counts.unknown.values()].reduce((sum, one) => sum + one, 0)],
        ['median and 99th percentile of an answer', `${counts.medianMs} ms, ${counts.p99Ms} ms`],
        ['answers later than the deadline and 500 ms', lateOf(judgement)],
        ['sessions at the end, in the database and in the archive', final.sessions.size],
        ['runs of the purge worker', purgeRuns],
        ['`verify-sessions --all` afterwards', audit.summary],
        ['**findings**', `**${findings.length}**${tolerated.length > 0 ? `, and ${tolerated.length} tolerated` : ''}`],
      ],
    ),
    '',
    ...findingLines('Findings', findings),
    ...findingLines('Tolerated', tolerated),
    '## What was checked',
    '',
    ...table(
      ['checker', 'compared', 'count', 'findings'],
      rules.flatMap(({ checker, compared, findings: found }) =>
        Object.entries(compared).map(([what, count], at): Cell[] => [
          checker,
          what,
          count,
          at === 0 ? found.length : '',
        ]),
      ),
    ),
    '',
    '## Faults',
    '',
    'Recovery: from the end of the fault, or from the kill, until each API process it struck had acknowledged a write again.',
    '',
    ...table(['fault', 'times', 'median ms', 'p95 ms', 'max ms'], faultRows(faults.struck)),
    '',
    ...faults.unavailable.map(({ name, why }) => `Not available on this machine: ${name} (${why}).\n`),
    ...options.withoutFaults.map((part) => `Left out of this run: faults whose name holds "${part}".\n`),
    '## Operations',
    '',
    ...table(
      ['operation', 'acknowledged', 'refused', 'unknown'],
      [...counts.kinds].toSorted().map(([kind, { ok, refused, unknown }]): Cell[] => [kind, ok, refused, unknown]),
    ),
    '',
    `Refused: ${list(counts.refused)}.`,
    '',
    `Unknown: ${list(counts.unknown)}.`,
    '',
  ].join('\n');
}

function lateOf({ counts: { late } }: Judgement): string {
  if (late.length === 0) return '0';
  const slowest = Math.max(...late.map(({ tookMs }) => tookMs));
  const own = late.filter(({ excused }) => !excused);
  const slowestOwn = Math.max(0, ...own.map(({ tookMs }) => tookMs));
  return `${late.length} (slowest ${Math.round(slowest)} ms); ${own.length} of them while the way of the answer was whole (slowest ${Math.round(slowestOwn)} ms)`;
}

function findingLines(heading: string, findings: Judgement['findings']): string[] {
  if (findings.length === 0) return [];
  const lines = findings.map(({ rule, what, operations }) => {
    const where = operations.length === 0 ? '' : ` (operations ${operations.slice(0, 8).join(', ')})`;
    return `- \`${rule}\`: ${what}${where}`;
  });
  return [`## ${heading}`, '', ...lines, ''];
}

function faultRows(struck: readonly StruckFault[]): Cell[][] {
  return [...Map.groupBy(struck, ({ name }) => name)].toSorted().map(([name, times]) => {
    const recoveries = times.flatMap(({ recoveredMs }) => (recoveredMs === undefined ? [] : [recoveredMs]));
    const sorted = recoveries.toSorted((one, other) => one - other);
    const at = (share: number) => Math.round(sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0);
    return [name, times.length, at(0.5), at(0.95), at(1)];
  });
}

const list = (counts: ReadonlyMap<string, number>): string =>
  [...counts]
    .toSorted(([, one], [, other]) => other - one)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');

/** Columns of one width, as the formatter of documents would have them. */
function table(headings: readonly Cell[], rows: readonly (readonly Cell[])[]): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(3, String(heading).length, ...rows.map((row) => String(row[column] ?? '').length)),
  );
  const isNumber = headings.map((_, column) => rows.every((row) => typeof row[column] === 'number'));
  const line = (cells: readonly Cell[]) =>
    `| ${cells.map((cell, column) => pad(String(cell), widths[column] ?? 0, isNumber[column] === true)).join(' | ')} |`;
  const rule = widths.map((width, column) => (isNumber[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width)));
  return [line(headings), `| ${rule.join(' | ')} |`, ...rows.map(line)];
}

const pad = (text: string, width: number, right: boolean): string =>
  right ? text.padStart(width) : text.padEnd(width);
