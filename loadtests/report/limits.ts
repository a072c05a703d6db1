import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Limit, Result } from './result.ts';
import { callsOf, percentileWithLost, tally } from './series-of-result.ts';

const gate = z.object({ limit: z.number() });
const thresholdsSchema = z.object({
  gates: z.object({ lookup_time: gate, replacement_time: gate, error_rate: gate, replacement_success: gate }),
});
export type Thresholds = z.infer<typeof thresholdsSchema>['gates'];

const FILE = resolve(import.meta.dirname, '../../ops/rollout/thresholds.json');

export const readThresholds = async (): Promise<Thresholds> =>
  thresholdsSchema.parse(JSON.parse(await readFile(FILE, 'utf8'))).gates;

type Measurable = Omit<Result, 'limits' | 'proof'>;
type LimitRow = {
  readonly what: string;
  readonly scenarios: readonly string[];
  readonly limit: (thresholds: Thresholds) => number;
  readonly unit: string;
  readonly measure: (result: Measurable) => number | undefined;
};

const NORMAL = ['users-100', 'data-size'];
const HIGH = ['users-500', 'soak'];
/** Scenarios with steady load. In the others, faults and spikes cost answers, which is reported but has no limit. */
const STEADY = [...NORMAL, ...HIGH, 'smoke', 'contention', 'runners', 'purge-impact'];
/** Scenarios that replace sessions. In `runners` each runner keeps its session. */
const REPLACING = STEADY.filter((scenario) => scenario !== 'runners');
/** Scenarios with an open arm. Without arrivals, zero dropped arrivals would prove nothing. */
const WITH_ARRIVALS = REPLACING.filter((scenario) => scenario !== 'contention');
const STARTS = ['start', 'question', 'replace', 'keep'];
const GIB = 1024 ** 3;
/** Arrivals use separate slots, in which no call should be refused. */
const MOST_REFUSED = 0.01;

/** The limits of the spec and of the rollout, with the scenarios to which they apply. */
const LIMITS: readonly LimitRow[] = [
  {
    what: 'p95 of a lookup, open arm',
    scenarios: NORMAL,
    limit: ({ lookup_time }) => lookup_time.limit * 1_000,
    unit: 'ms',
    measure: (result) => openP95(result, 'lookup'),
  },
  {
    what: 'p95 of a replacement, open arm',
    scenarios: [...NORMAL, ...HIGH],
    limit: ({ replacement_time }) => replacement_time.limit * 1_000,
    unit: 'ms',
    measure: (result) => openP95(result, 'replace'),
  },
  {
    what: 'CPU of API and PostgreSQL, highest mean of 10 s, of the machine',
    scenarios: HIGH,
    limit: () => 0.8,
    unit: 'share',
    measure: ({ server, facts }) => (server === null ? undefined : server.highestCores / facts.machine.cores),
  },
  {
    what: 'memory of API and PostgreSQL, highest',
    scenarios: HIGH,
    limit: () => 5 * GIB,
    unit: 'bytes',
    measure: ({ server }) => server?.highestMemoryBytes,
  },
  {
    what: 'starts without an answer',
    scenarios: STEADY,
    limit: ({ error_rate }) => error_rate.limit,
    unit: 'share',
    measure: (result) => lostShare(result, STARTS),
  },
  {
    what: 'replacements without an answer',
    scenarios: REPLACING,
    limit: ({ replacement_success }) => replacement_success.limit,
    unit: 'share',
    measure: (result) => lostShare(result, ['replace']),
  },
  {
    what: 'refused calls, open arm',
    scenarios: WITH_ARRIVALS,
    limit: () => MOST_REFUSED,
    unit: 'share',
    measure: openRefused,
  },
  {
    what: 'arrivals that were dropped',
    scenarios: WITH_ARRIVALS,
    limit: () => 0,
    unit: 'arrivals',
    measure: ({ droppedArrivals }) => droppedArrivals,
  },
];

/** Exit codes of k6. */
const THRESHOLDS_CROSSED = 99;
const INTERRUPTED = 105;

export function judgeLimits(result: Measurable, thresholds: Thresholds): Limit[] {
  const { scenario, k6Exit } = result.facts;
  const rows = LIMITS.filter(({ scenarios }) => scenarios.includes(scenario)).map((row): Limit => {
    const limit = row.limit(thresholds);
    const measured = row.measure(result);
    // A limit of 0 is kept by 0 only, every other limit by values below it.
    const kept = measured !== undefined && (limit === 0 ? measured === 0 : measured < limit);
    const known = measured === undefined || !Number.isFinite(measured) ? null : measured;
    return { what: row.what, limit, measured: known, unit: row.unit, kept };
  });
  const ofK6: Limit = {
    what: 'thresholds that k6 found crossed',
    limit: 0,
    measured: k6Exit === THRESHOLDS_CROSSED ? 1 : 0,
    unit: 'runs',
    kept: k6Exit !== THRESHOLDS_CROSSED,
  };
  const ended = k6Exit === 0 || k6Exit === THRESHOLDS_CROSSED || k6Exit === INTERRUPTED;
  const ofEnd: Limit = { what: 'exit code of k6', limit: 0, measured: k6Exit, unit: 'code', kept: ended };
  return [...rows, ofK6, ...(ended ? [] : [ofEnd])];
}

/**
 * A dropped arrival counts as a call that took too long. Its operation is unknown, so it counts against each operation.
 */
function openP95(result: Measurable, name: string): number | undefined {
  const series = result.series.find((one) => one.name === name && one.arm === 'open');
  return series === undefined ? undefined : percentileWithLost(tally(series.windows), 0.95, result.droppedArrivals);
}

function openRefused({ series }: Measurable): number | undefined {
  const all = tally(series.filter(({ arm }) => arm === 'open').flatMap(({ windows }) => windows));
  const calls = callsOf(all);
  return calls === 0 ? undefined : all.refused / calls;
}

function lostShare({ series }: Measurable, names: readonly string[]): number | undefined {
  const all = tally(series.filter(({ name }) => names.includes(name)).flatMap(({ windows }) => windows));
  const calls = callsOf(all);
  return calls === 0 ? undefined : (all.unknown + all.shed) / calls;
}
