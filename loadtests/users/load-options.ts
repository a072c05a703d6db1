import type { Options, Scenario } from 'k6/options';
import type { Settings } from './settings.ts';

/** The limits of a rollout, as `ops/rollout/thresholds.json` has them for k6. */
export type Limits = Readonly<Record<string, readonly string[]>>;

/** Which of the limits hold in a scenario: all of them, those of failures alone, or none where failures are what it is about. */
export type Held = 'all' | 'failures' | 'none';

/** Long enough for a call under way with all its tries: a call that is cut off has no line in the journal, and its effect would look invented. */
const PATIENCE = { gracefulStop: '120s' };

const seconds = (count: number) => `${Math.max(1, Math.round(count))}s`;

/** Users arrive over the first tenth of a run, and over half a minute at the most: a sudden crowd is what peak-1000 is about. */
const arrivalSeconds = ({ seconds: all }: Settings): number => Math.round(Math.min(30, all / 10));

/** So many users, each of whom waits for an answer and thinks before it goes on. */
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

/** A tenth of the users, all of them within five seconds, and a tenth again: a quarter of the time before, a quarter at the top, a half after. */
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

/** Of ten arrivals, so many are lookups; the others replace. */
const LOOKUPS = 0.8;
/** Arrivals that nobody is free for are dropped, and counted by k6: more users than that would only hide that answers are slow. */
const LONGEST_WAIT_S = 5;

/** Arrivals at a constant rate, whatever becomes of the answers: what is measured of them is not kinder when the service is slow. */
export function openArrivals({ rate, seconds: all }: Settings): Record<string, Scenario> {
  if (rate === 0) return {};
  const arrivals = (exec: string, share: number): Scenario => ({
    executor: 'constant-arrival-rate',
    exec,
    // In a minute, so that a rate of less than one in a second is a whole number.
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

/** So many slots that a round over them takes half a minute. */
export const slotsOf = ({ rate }: Settings): number =>
  rate === 0 ? 0 : Math.max(8, Math.ceil(rate * (1 - LOOKUPS) * 30));

/** Every second lookup goes to one of them, in turn: so many that a round takes half a minute, or the whole of a short run. None where there are seeded ones. */
export const quietTasksOf = ({ rate, seconds: all, board }: Settings): number =>
  board === undefined ? Math.ceil(((rate * LOOKUPS) / 2) * Math.min(30, all)) : 0;

/** Every user once, over and over until it is done. */
export const once = (exec: string, maxDuration: string): Record<string, Scenario> => ({
  [exec]: { executor: 'per-vu-iterations', exec, vus: 1, iterations: 1, maxDuration, tags: { arm: 'closed' } },
});

export function loadOptions(scenarios: Record<string, Scenario>, limits: Limits, held: Held): Options {
  return {
    scenarios,
    thresholds: { checks: ['rate>=1'], ...thresholdsOf(limits, held) },
    setupTimeout: '300s',
    // An address has ids in it: a series for each would be made.
    systemTags: ['status', 'method', 'name', 'check', 'scenario'],
    summaryTrendStats: ['min', 'avg', 'med', 'max', 'p(90)', 'p(95)', 'p(99)'],
  };
}

/** A limit of latency is one of the arrivals: users who wait for slow answers ask less, and would measure too little. */
function thresholdsOf(limits: Limits, held: Held): Record<string, string[]> {
  if (held === 'none') return {};
  return Object.fromEntries(
    Object.entries(limits).flatMap(([metric, expressions]): [string, string[]][] => {
      if (!metric.endsWith('_duration')) return [[metric, [...expressions]]];
      return held === 'all' ? [[`${metric}{arm:open}`, [...expressions]]] : [];
    }),
  );
}
