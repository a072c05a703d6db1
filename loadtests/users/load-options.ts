import type { Options, Scenario } from 'k6/options';
import type { Settings } from './settings.ts';

/** The limits of a rollout in k6's format, from `ops/rollout/thresholds.json`. */
export type Limits = Readonly<Record<string, readonly string[]>>;

/** Which limits apply to a scenario: all, only those of failures, or none in scenarios that cause failures. */
export type Held = 'all' | 'failures' | 'none';

/**
 * Long enough for a running call with all its retries. A call that is cut off has no journal line, so its effect would
 * look unrequested.
 */
const PATIENCE = { gracefulStop: '120s' };

const seconds = (count: number) => `${Math.max(1, Math.round(count))}s`;

/** Users arrive during the first tenth of a run, at most 30 s. A sudden crowd is the subject of peak-1000. */
const arrivalSeconds = ({ seconds: all }: Settings): number => Math.round(Math.min(30, all / 10));

/** A constant number of users, each of whom waits for a response and a think time before the next call. */
export const closedUsers = (settings: Settings): Record<string, Scenario> => ({
  closed: {
    executor: 'ramping-vus',
    exec: 'closed',
    startVUs: 1,
    stages: [
      { target: settings.users, duration: seconds(arrivalSeconds(settings)) },
      { target: settings.users, duration: seconds(settings.seconds - arrivalSeconds(settings)) },
    ],
    tags: { arm: 'closed' },
    gracefulRampDown: '120s',
    ...PATIENCE,
  },
});

/**
 * A tenth of the users, then all within five seconds, then a tenth again: a quarter of the time before the peak, a
 * quarter at the peak, half after it.
 */
export const suddenUsers = ({ users, seconds: all }: Settings): Record<string, Scenario> => {
  const base = Math.max(1, Math.round(users / 10));
  const change = Math.min(5, all / 10);
  return {
    closed: {
      executor: 'ramping-vus',
      exec: 'closed',
      startVUs: base,
      stages: [
        { target: base, duration: seconds(all / 4) },
        { target: users, duration: seconds(change) },
        { target: users, duration: seconds(all / 4) },
        { target: base, duration: seconds(change) },
        { target: base, duration: seconds(all / 2 - 2 * change) },
      ],
      tags: { arm: 'closed' },
      gracefulRampDown: '120s',
      ...PATIENCE,
    },
  };
};

/** Share of arrivals that are lookups; the others are replacements. */
const LOOKUPS = 0.8;
/**
 * Bounds the number of k6 users for arrivals. k6 drops and counts arrivals without a free user; more users would hide
 * slow responses.
 */
const LONGEST_WAIT_S = 5;

/**
 * Arrivals at a constant rate that does not depend on responses, so that a slow service does not receive fewer calls.
 */
export function openArrivals({ rate, seconds: all }: Settings): Record<string, Scenario> {
  if (rate === 0) return {};
  const arrivals = (exec: string, share: number): Scenario => ({
    executor: 'constant-arrival-rate',
    exec,
    // Per minute, because k6 requires whole numbers and the rate may be below one per second.
    rate: Math.max(1, Math.round(rate * share * 60)),
    timeUnit: '1m',
    duration: seconds(all),
    preAllocatedVUs: Math.max(2, Math.ceil(rate * share)),
    maxVUs: Math.max(4, Math.ceil(rate * share * LONGEST_WAIT_S)),
    tags: { arm: 'open' },
    ...PATIENCE,
  });
  return { open_lookups: arrivals('openLookup', LOOKUPS), open_replacements: arrivals('openReplace', 1 - LOOKUPS) };
}

/** Number of slots for a round of 30 s. */
export const slotsOf = ({ rate }: Settings): number =>
  rate === 0 ? 0 : Math.max(8, Math.ceil(rate * (1 - LOOKUPS) * 30));

/**
 * Number of quiet tasks. Every second lookup visits one of them in turn, and a round takes 30 s or the whole of a short
 * run. None with seeded tasks.
 */
export const quietTasksOf = ({ rate, seconds: all, board }: Settings): number =>
  board === undefined ? Math.ceil(((rate * LOOKUPS) / 2) * Math.min(30, all)) : 0;

/** One user that runs the function once. */
export const once = (exec: string, maxDuration: string): Record<string, Scenario> => ({
  [exec]: { executor: 'per-vu-iterations', exec, vus: 1, iterations: 1, maxDuration, tags: { arm: 'closed' } },
});

export function loadOptions(scenarios: Record<string, Scenario>, limits: Limits, held: Held): Options {
  return {
    scenarios,
    thresholds: { checks: ['rate>=1'], ...thresholdsOf(limits, held) },
    setupTimeout: '300s',
    // URLs contain ids, and would create one time series each.
    systemTags: ['status', 'method', 'name', 'check', 'scenario'],
    summaryTrendStats: ['min', 'avg', 'med', 'max', 'p(90)', 'p(95)', 'p(99)'],
  };
}

/**
 * Latency limits apply to arrivals only: users who wait for slow responses send fewer calls, so their percentiles are
 * too low.
 */
function thresholdsOf(limits: Limits, held: Held): Record<string, string[]> {
  if (held === 'none') return {};
  return Object.fromEntries(
    Object.entries(limits).flatMap(([metric, expressions]): [string, string[]][] => {
      if (!metric.endsWith('_duration')) return [[metric, [...expressions]]];
      return held === 'all' ? [[`${metric}{arm:open}`, [...expressions]]] : [];
    }),
  );
}
