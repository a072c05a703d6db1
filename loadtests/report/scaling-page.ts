import { type Assumed, type Capacity, capacityFor, type Measured } from './capacity.ts';
import { formatBytes, formatNumber } from './format-value.ts';
import { MADE_FROM } from './load-page.ts';
import { measuredIn } from './measured-in-result.ts';
import { type Processes, processesSection } from './processes.ts';
import type { Result } from './result.ts';
import { READ_REPLICAS, SHARDING } from './scaling-words.ts';
import { markdownTable } from './table-as-text.ts';

/** The first of these with a result is computed from: the more users, the less is extrapolated. */
const SOURCES = ['soak', 'users-500', 'users-100', 'smoke'];
const ASSUMED: Assumed = { users: 100_000, busy: 0.7, primaryCores: 64 };

/** docs/scaling.md: what a hundred thousand users need, in proportion to what one run used. */
export function scalingPage(results: ReadonlyMap<string, Result>, processes: Processes | undefined): string {
  const found = SOURCES.flatMap((name) => {
    const result = results.get(name);
    const measured = result === undefined ? undefined : measuredIn(result);
    return result === undefined || measured === undefined ? [] : [{ name, result, measured }];
  })[0];
  return `${[
    MADE_FROM,
    '',
    '# Scaling',
    '',
    `What ${formatNumber(ASSUMED.users)} users need, computed from what a run of the [load tests](load.md) used. It is arithmetic and no measurement: everything is taken in proportion. What it leaves out is named at the end.`,
    '',
    ...(found === undefined ? NOTHING_YET : numbersOf(found.name, found.result, found.measured)),
    ...processesSection(processes),
    ...SHARDING,
    ...READ_REPLICAS,
    ...LEFT_OUT,
  ]
    .join('\n')
    .trimEnd()}\n`;
}

const NOTHING_YET = [
  `No run yet: of ${SOURCES.map((name) => `\`${name}\``).join(', ')} none is in \`loadtests/results\` with the CPU of its processes. The numbers appear here when one is.`,
  '',
];

function numbersOf(name: string, { facts, server }: Result, measured: Measured): string[] {
  const capacity = capacityFor(measured, ASSUMED);
  const source = `loadtests/results/${name}.json`;
  const saturated = server !== null && server.highestCores > 0.9 * facts.machine.cores;
  return [
    '## What is put in',
    '',
    `Measured, from \`${source}\` (${facts.startedAt.slice(0, 10)}, revision ${facts.revision ?? 'unknown'}, ${facts.machine.cores} cores of ${facts.machine.cpuModel}):`,
    '',
    ...markdownTable({ headings: ['measured', 'value'], rows: inputRows(measured) }),
    '',
    ...(saturated
      ? [
          'The machine had no core left for part of that run: what a call costs includes waiting for a core as far as the kernel counts it.',
          '',
        ]
      : []),
    'Assumed, and not measured:',
    '',
    ...markdownTable({
      headings: ['assumed', 'value'],
      rows: [
        ['users', formatNumber(ASSUMED.users)],
        ['how busy a core may be', `${ASSUMED.busy * 100} %`],
        ['cores of one primary', formatNumber(ASSUMED.primaryCores)],
        ['how users behave', `as in \`${name}\`: its mix of calls and its think times`],
      ],
    }),
    '',
    '## What comes out',
    '',
    ...markdownTable({ headings: ['needed', 'value', 'how'], rows: outputRows(measured, capacity) }),
    '',
    ...shardOrNot(capacity),
  ];
}

const cores = (value: number): string => `${formatNumber(value)} cores`;
const orNotMeasured = (value: number | null, show: (value: number) => string): string =>
  value === null ? 'not measured' : show(value);

const inputRows = (measured: Measured): string[][] => [
  ['users', formatNumber(measured.users)],
  ['calls answered a second', formatNumber(measured.answeredPerSecond)],
  ['acknowledged writes a second', formatNumber(measured.writesPerSecond)],
  ['CPU of the API', cores(measured.apiCores)],
  ['CPU of PostgreSQL', cores(measured.databaseCores)],
  ['processes of the API', formatNumber(measured.apiProcesses)],
  ['memory of the API, highest', formatBytes(measured.apiMemoryBytes)],
  ['memory of PostgreSQL, highest', formatBytes(measured.databaseMemoryBytes)],
  ['connections to PostgreSQL', orNotMeasured(measured.connections, formatNumber)],
  ['WAL a second', orNotMeasured(measured.walBytesPerSecond, formatBytes)],
];

const outputRows = (measured: Measured, capacity: Capacity): string[][] => [
  ['calls a user makes a second', formatNumber(capacity.callsPerUserPerSecond), 'calls answered a second / users'],
  ['CPU of the API a call', `${formatNumber(capacity.apiCpuMsPerCall)} ms`, 'its cores / calls answered a second'],
  [
    'CPU of PostgreSQL a call',
    `${formatNumber(capacity.databaseCpuMsPerCall)} ms`,
    'its cores / calls answered a second',
  ],
  ['calls a second', formatNumber(capacity.callsPerSecond), `calls a user makes × ${formatNumber(ASSUMED.users)}`],
  ['writes a second', formatNumber(capacity.writesPerSecond), 'in the share of this run'],
  ['cores of the API', formatNumber(capacity.apiCores), 'calls a second × CPU a call'],
  ['processes of the API', formatNumber(capacity.apiProcesses), `one core each, ${ASSUMED.busy * 100} % busy`],
  ['memory of the API', formatBytes(capacity.apiMemoryBytes), 'what a process had in this run × processes'],
  ['cores of PostgreSQL', formatNumber(capacity.databaseCores), 'calls a second × CPU a call'],
  [
    'one primary carries',
    `${formatNumber(capacity.callsPerPrimary)} calls/s, ${formatNumber(capacity.usersPerPrimary)} users`,
    `${ASSUMED.primaryCores} cores, ${ASSUMED.busy * 100} % busy / CPU a call`,
  ],
  ['primaries', formatNumber(capacity.primaries), 'users / what one carries'],
  [
    'connections',
    orNotMeasured(capacity.connections, formatNumber),
    measured.connections === null ? 'no run counted them' : 'of a process in this run × processes',
  ],
  ['WAL a write', orNotMeasured(capacity.walBytesPerWrite, formatBytes), 'WAL a second / writes a second'],
  ['WAL a second', orNotMeasured(capacity.walBytesPerSecond, formatBytes), 'WAL a write × writes a second'],
];

const shardOrNot = ({ primaries, usersPerPrimary }: Capacity): string[] => [
  primaries > 1
    ? `One primary of ${ASSUMED.primaryCores} cores is not enough by this arithmetic: from about ${formatNumber(usersPerPrimary)} users on the schema is to be sharded, into ${formatNumber(primaries)} parts for ${formatNumber(ASSUMED.users)}.`
    : `One primary of ${ASSUMED.primaryCores} cores is enough by this arithmetic; sharding is called for from about ${formatNumber(usersPerPrimary)} users on.`,
  'Before that, cheaper things are to be done: reads that may be late go to a replica, and exports and log lines, which are most of the bytes, are the first of them.',
  '',
];

const LEFT_OUT = [
  '## What this leaves out',
  '',
  '- Cost in proportion is a lower bound. Locks, caches and snapshots of PostgreSQL cost more with more connections; a network lies between programs that shared a machine.',
  '- The disk: WAL a second is told where it was measured, and whether a disk takes it was not.',
  '- Change streams that stay open: each holds a connection to a process of the API, and each process reads the changes once for all of its streams.',
  '- Peaks. A day has one, and the share of a core that is left free is all there is for it here.',
  '',
];
