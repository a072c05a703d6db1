import { type Assumed, type Capacity, capacityFor, type Measured } from './capacity.ts';
import { formatBytes, formatNumber } from './format-value.ts';
import { MADE_FROM } from './load-page.ts';
import { measuredIn } from './measured-in-result.ts';
import { type Processes, processesSection } from './processes.ts';
import type { Result } from './result.ts';
import { READ_REPLICAS, SHARDING } from './scaling-words.ts';
import { markdownTable } from './table-as-text.ts';

/** The page is computed from the first of these with a result, which needs the least extrapolation. */
const SOURCES = ['soak', 'users-500', 'users-100', 'smoke'];
const ASSUMED: Assumed = { users: 100_000, busy: 0.7, primaryCores: 64 };

/** Generates docs/scaling.md: the resources for a hundred thousand users, extrapolated from one run. */
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
    `The resources that ${formatNumber(ASSUMED.users)} users need, extrapolated from a run of the [load tests](load.md). The numbers are computed in proportion to that run, not measured. The last section lists what the calculation leaves out.`,
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
  `No run yet: \`loadtests/results\` has no result of ${SOURCES.map((name) => `\`${name}\``).join(', ')} with the CPU of its processes. The numbers appear here once it has one.`,
  '',
];

function numbersOf(name: string, { facts, server }: Result, measured: Measured): string[] {
  const capacity = capacityFor(measured, ASSUMED);
  const source = `loadtests/results/${name}.json`;
  const saturated = server !== null && server.highestCores > 0.9 * facts.machine.cores;
  return [
    '## Input',
    '',
    `Measured, from \`${source}\` (${facts.startedAt.slice(0, 10)}, revision ${facts.revision ?? 'unknown'}, ${facts.machine.cores} cores of ${facts.machine.cpuModel}):`,
    '',
    ...markdownTable({ headings: ['measured', 'value'], rows: inputRows(measured) }),
    '',
    ...(saturated
      ? ['The machine had no idle core during part of that run, so the CPU time per call may be too high.', '']
      : []),
    'Assumed, not measured:',
    '',
    ...markdownTable({
      headings: ['assumed', 'value'],
      rows: [
        ['users', formatNumber(ASSUMED.users)],
        ['highest utilisation of a core', `${ASSUMED.busy * 100} %`],
        ['cores of one primary', formatNumber(ASSUMED.primaryCores)],
        ['behaviour of users', `as in \`${name}\`: the same mix of calls and think times`],
      ],
    }),
    '',
    '## Result',
    '',
    ...markdownTable({ headings: ['needed', 'value', 'calculation'], rows: outputRows(measured, capacity) }),
    '',
    ...shardOrNot(capacity),
  ];
}

const cores = (value: number): string => `${formatNumber(value)} cores`;
const orNotMeasured = (value: number | null, show: (value: number) => string): string =>
  value === null ? 'not measured' : show(value);

const inputRows = (measured: Measured): string[][] => [
  ['users', formatNumber(measured.users)],
  ['answered calls per second', formatNumber(measured.answeredPerSecond)],
  ['acknowledged writes per second', formatNumber(measured.writesPerSecond)],
  ['CPU of the API', cores(measured.apiCores)],
  ['CPU of PostgreSQL', cores(measured.databaseCores)],
  ['API processes', formatNumber(measured.apiProcesses)],
  ['memory of the API, highest', formatBytes(measured.apiMemoryBytes)],
  ['memory of PostgreSQL, highest', formatBytes(measured.databaseMemoryBytes)],
  ['connections to PostgreSQL', orNotMeasured(measured.connections, formatNumber)],
  ['WAL per second', orNotMeasured(measured.walBytesPerSecond, formatBytes)],
];

const outputRows = (measured: Measured, capacity: Capacity): string[][] => [
  ['calls per user and second', formatNumber(capacity.callsPerUserPerSecond), 'answered calls per second / users'],
  ['API CPU per call', `${formatNumber(capacity.apiCpuMsPerCall)} ms`, 'its cores / answered calls per second'],
  [
    'PostgreSQL CPU per call',
    `${formatNumber(capacity.databaseCpuMsPerCall)} ms`,
    'its cores / answered calls per second',
  ],
  ['calls per second', formatNumber(capacity.callsPerSecond), `calls per user × ${formatNumber(ASSUMED.users)}`],
  ['writes per second', formatNumber(capacity.writesPerSecond), 'same share as in this run'],
  ['API cores', formatNumber(capacity.apiCores), 'calls per second × CPU per call'],
  ['API processes', formatNumber(capacity.apiProcesses), `one core each, ${ASSUMED.busy * 100} % utilised`],
  ['API memory', formatBytes(capacity.apiMemoryBytes), 'memory of a process in this run × processes'],
  ['PostgreSQL cores', formatNumber(capacity.databaseCores), 'calls per second × CPU per call'],
  [
    'capacity of one primary',
    `${formatNumber(capacity.callsPerPrimary)} calls/s, ${formatNumber(capacity.usersPerPrimary)} users`,
    `${ASSUMED.primaryCores} cores, ${ASSUMED.busy * 100} % utilised / CPU per call`,
  ],
  ['primaries', formatNumber(capacity.primaries), 'users / capacity of one'],
  [
    'connections',
    orNotMeasured(capacity.connections, formatNumber),
    measured.connections === null ? 'not counted in this run' : 'connections of a process in this run × processes',
  ],
  ['WAL per write', orNotMeasured(capacity.walBytesPerWrite, formatBytes), 'WAL per second / writes per second'],
  ['WAL per second', orNotMeasured(capacity.walBytesPerSecond, formatBytes), 'WAL per write × writes per second'],
];

const shardOrNot = ({ primaries, usersPerPrimary }: Capacity): string[] => [
  primaries > 1
    ? `By this calculation one primary of ${ASSUMED.primaryCores} cores is not enough: from about ${formatNumber(usersPerPrimary)} users the schema must be sharded, into ${formatNumber(primaries)} parts for ${formatNumber(ASSUMED.users)} users.`
    : `By this calculation one primary of ${ASSUMED.primaryCores} cores is enough; sharding is needed from about ${formatNumber(usersPerPrimary)} users.`,
  'Cheaper measures come first: move reads that may be outdated to a replica, beginning with exports and log lines, which are most of the bytes.',
  '',
];

const LEFT_OUT = [
  '## What this leaves out',
  '',
  '- A proportional cost is a lower bound. Locks, caches and snapshots of PostgreSQL cost more with more connections, and a network adds latency between programs that shared one machine in the run.',
  '- The disk. WAL per second is given where it was measured; whether a disk sustains that rate was not measured.',
  '- Open change streams. Each holds a connection to an API process, and each process reads the changes once for all of its streams.',
  '- Daily peaks. The only reserve for them is the unused share of each core.',
  '',
];
