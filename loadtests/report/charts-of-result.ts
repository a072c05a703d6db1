import type { Area, Chart, Line } from './draw-lines.ts';
import type { Result, Series } from './result.ts';
import { callsOf, percentileOf, tally } from './series-of-result.ts';

const GIB = 1024 ** 3;
const PERCENTILES = [0.5, 0.95, 0.99] as const;

const areasOf = ({ faults, windows }: Result): Area[] => [
  ...faults.map(({ at, until }): Area => ({ from: at, to: until, kind: 'fault' })),
  ...windows.flatMap(({ from, to, purge }): Area[] => (purge === true ? [{ from, to, kind: 'purge' }] : [])),
];

const endOf = ({ windows }: Result): number => windows.at(-1)?.to ?? 0;
const middle = ({ from, to }: Result['windows'][number]): number => (from + to) / 2;
const secondsIn = ({ from, to }: Result['windows'][number]): number => (to - from) / 1_000;

type Counts = Series['windows'][number];

/** A rate per second over all calls, by window. */
function rate(result: Result, arm: Series['arm'] | undefined, of: (counts: Counts) => number): Line['points'] {
  const series = result.series.filter((one) => arm === undefined || one.arm === arm);
  return result.windows.map((window, at) => {
    const sum = series.reduce((total, { windows }) => total + (windows[at] === undefined ? 0 : of(windows[at])), 0);
    // A window between two periods may be a few milliseconds long, too short for a rate.
    return [middle(window), secondsIn(window) < 1 ? null : sum / secondsIn(window)];
  });
}

export const throughputChart = (result: Result): Chart => ({
  title: 'Answered calls per second',
  unit: '/s',
  endMs: endOf(result),
  areas: areasOf(result),
  lines: [
    { name: 'closed arm', points: rate(result, 'closed', ({ ok, refused }) => ok + refused) },
    { name: 'open arm', points: rate(result, 'open', ({ ok, refused }) => ok + refused) },
  ],
});

export const lostChart = (result: Result): Chart => ({
  title: 'Unanswered and shed calls per second',
  unit: '/s',
  endMs: endOf(result),
  areas: areasOf(result),
  lines: [
    { name: 'no answer or server error', points: rate(result, undefined, ({ unknown }) => unknown) },
    { name: 'shed', points: rate(result, undefined, ({ shed }) => shed) },
  ],
});

/** Latency limits apply to the open arm only. */
function limitOf({ limits }: Result, { name, arm }: Series): number | undefined {
  const word = name === 'replace' ? 'replacement' : name;
  return arm === 'open' ? limits.find(({ what }) => what === `p95 of a ${word}, open arm`)?.limit : undefined;
}

export const latencyChart = (result: Result, series: Series): Chart => ({
  title: `Response time of ${series.name}, ${series.arm} arm`,
  unit: 'ms',
  scale: 'log',
  endMs: endOf(result),
  areas: areasOf(result),
  limit: limitOf(result, series),
  lines: PERCENTILES.map((share) => ({
    name: `p${share * 100}`,
    points: result.windows.map((window, at) => {
      const counts = series.windows[at];
      return [middle(window), counts === undefined ? null : (percentileOf(tally([counts]), share) ?? null)];
    }),
  })),
});

export const cpuChart = (result: Result): Chart => ({
  title: `CPU in cores, of ${result.facts.machine.cores}`,
  unit: 'cores',
  endMs: endOf(result),
  areas: areasOf(result),
  limit: 0.8 * result.facts.machine.cores,
  lines: [
    ...result.resources.map(({ of, windows }) => ({
      name: of,
      points: valuesOf(result, windows, ({ cores }) => cores),
    })),
    serverLine(result, ({ cores }) => cores),
  ],
});

export const memoryChart = (result: Result): Chart => ({
  title: 'Memory',
  unit: 'bytes',
  endMs: endOf(result),
  areas: areasOf(result),
  limit: 5 * GIB,
  lines: [
    ...result.resources.filter(holdsMemory).map(({ of, windows }) => ({
      name: of,
      points: valuesOf(result, windows, ({ memoryBytes }) => memoryBytes),
    })),
    serverLine(result, ({ memoryBytes }) => memoryBytes),
  ],
});

type Used = Result['resources'][number];
type Use = Used['windows'][number];

/** The rows about the rest of the machine have no memory figures. */
const holdsMemory = ({ windows }: Used): boolean => windows.some((use) => use !== null && use.memoryBytes > 0);

const valuesOf = ({ windows }: Result, uses: readonly Use[], of: (use: NonNullable<Use>) => number): Line['points'] =>
  windows.map((window, at) => [middle(window), uses[at] ? of(uses[at]) : null]);

function serverLine({ resources, windows }: Result, of: (use: NonNullable<Use>) => number): Line {
  const server = resources.filter((one) => one.of.startsWith('api') || one.of === 'postgresql');
  const points = windows.map((window, at): [number, number | null] => {
    const there = server.flatMap((one) => (one.windows[at] ? [of(one.windows[at])] : []));
    return [middle(window), there.length === 0 ? null : there.reduce((sum, value) => sum + value, 0)];
  });
  return { name: 'API and PostgreSQL', points };
}

/** Sorts series by number of calls, largest first. */
export const busiest = (series: readonly Series[]): Series[] =>
  series.toSorted((one, other) => callsOf(tally(other.windows)) - callsOf(tally(one.windows)));
