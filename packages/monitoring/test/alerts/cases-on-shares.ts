import { DAY, HOUR, MINUTE } from '../../src/rules/durations.ts';
import type { AlertCases } from './alert-case.ts';
import { burnCases, shareCases } from './share-cases.ts';

/** Written by hand: a limit that changes in stages.yml fails these cases until a person changes them too. */
const BUDGETS = [
  { alert: 'PhaselockAvailabilityBudgetBurn', indicator: 'availability', budget: 0.001 },
  { alert: 'PhaselockReplacementBudgetBurn', indicator: 'replacement', budget: 0.01 },
  { alert: 'PhaselockLookupBudgetBurn', indicator: 'lookup', budget: 0.05 },
  { alert: 'PhaselockReplacementTimeBudgetBurn', indicator: 'replacement_time', budget: 0.05 },
] as const;

const WINDOWS = [
  { window: '1h', times: 14.4, lasting: HOUR, short: 5 * MINUTE, step: MINUTE },
  { window: '6h', times: 6, lasting: 6 * HOUR, short: 30 * MINUTE, step: 10 * MINUTE },
  { window: '1d', times: 3, lasting: DAY, short: 2 * HOUR, step: 30 * MINUTE },
  { window: '3d', times: 1, lasting: 3 * DAY, short: 6 * HOUR, step: 2 * HOUR },
] as const;

export const CASES_ON_SHARES: readonly AlertCases[] = [
  ...BUDGETS.flatMap(({ alert, indicator, budget }) =>
    WINDOWS.map(({ times, ...window }) =>
      burnCases({
        alert,
        indicator,
        limit: budget * times,
        thorough: indicator === 'availability' && window.window === '1h',
        ...window,
      }),
    ),
  ),
  shareCases({
    alert: 'PhaselockErrorRateHigh',
    indicator: 'starts',
    limit: 0.01,
    step: 15,
    lasting: 16 * MINUTE,
    pending: 10 * MINUTE,
    outlastsMoment: true,
  }),
  shareCases({
    alert: 'PhaselockShedding',
    indicator: 'shed',
    limit: 0.01,
    step: 15,
    lasting: 16 * MINUTE,
    pending: 10 * MINUTE,
    outlastsMoment: true,
  }),
  shareCases({
    alert: 'PhaselockConnectionFailures',
    indicator: 'connections',
    limit: 0.01,
    step: 15,
    lasting: 9 * MINUTE,
    pending: 3 * MINUTE,
    outlastsMoment: true,
  }),
  ...(
    [
      ['PhaselockReplacementsFailing', 'replacement', 0.01],
      ['PhaselockLookupSlow', 'lookup', 0.05],
      ['PhaselockReplacementSlow', 'replacement_time', 0.05],
      ['PhaselockPoolWaitLong', 'pool_wait', 0.05],
      ['PhaselockLockTimeouts', 'lock_timeouts', 0.01],
      ['PhaselockLockContention', 'lock_contention', 0.5],
    ] as const
  ).map(([alert, indicator, limit]) =>
    shareCases({ alert, indicator, limit, step: 30, lasting: 36 * MINUTE, pending: 5 * MINUTE }),
  ),
  shareCases({
    alert: 'PhaselockRedisAway',
    indicator: 'redis',
    limit: 0.05,
    step: 15,
    lasting: 16 * MINUTE,
    pending: 10 * MINUTE,
    outlastsMoment: true,
  }),
  shareCases({
    alert: 'PhaselockRedisAway',
    indicator: 'invalidations',
    limit: 0.05,
    step: 15,
    lasting: 16 * MINUTE,
    pending: 10 * MINUTE,
    outlastsMoment: true,
  }),
  shareCases({ alert: 'PhaselockPurgeFailing', indicator: 'purge', limit: 0.05, step: 5 * MINUTE, lasting: 6 * HOUR }),
];
