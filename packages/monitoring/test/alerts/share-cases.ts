import type { IndicatorName } from '../../src/recording/indicators.ts';
import { type AlertCase, type AlertCases, type Given, NOTHING } from './alert-case.ts';
import { type Counted, type Phase, trafficOver } from './traffic.ts';

type Share = {
  readonly alert: string;
  readonly indicator: IndicatorName;
  /** The highest share of bad events that is allowed. */
  readonly limit: number;
  readonly step: number;
  /** How long there is traffic before the alert is evaluated. */
  readonly lasting: number;
  /** The `for` of the alert: how long the condition has to last before the alert fires. */
  readonly pending?: number;
  /** Whether a short burst must not fire the alert while it is still within the window of the share. */
  readonly outlastsMoment?: boolean;
};

/** In steps since the end of a burst: while its failures are recent, and while only the long window still has them. */
const MOMENT_OVER_FOR = [6, 10, 18] as const;
/** Events that each instance counts in each step. */
const EVENTS = 100_000;
const GOOD: Counted = { events: EVENTS, bad: 0 };
const NONE: Counted = { events: 0, bad: 0 };

const ofShare = (share: number): Counted => ({ events: EVENTS, bad: Math.round(EVENTS * Math.min(share, 1)) });

/** The four cases that every alert on a share has. */
function essentials({ indicator, limit, step, lasting }: Share): AlertCase[] {
  const steps = Math.ceil(lasting / step) + 2;
  const all = (counted: Counted, instance = 'a'): Given => trafficOver(indicator, [{ steps, counted }], instance);
  const one = (kind: AlertCase['kind'], why: string, firing: number, given: Given): AlertCase => ({
    kind,
    why,
    at: steps * step,
    firing,
    given,
  });
  const bad = ofShare(limit * 1.03);
  return [
    one('fires', 'a little above the limit, on two instances', 1, { ...all(bad, 'a'), ...all(bad, 'b') }),
    one('does not', 'no bad events', 0, all(GOOD)),
    one('just below', 'a little less than the limit', 0, all(ofShare(limit * 0.98))),
    one('no data', 'no series at all', 0, NOTHING),
  ];
}

/** Cases on counters: no events, a single event, restarts, several instances and short bursts. */
function particulars({ indicator, limit, step, lasting, pending, outlastsMoment = false }: Share): AlertCase[] {
  const steps = Math.ceil(lasting / step) + 2;
  const half = Math.floor(steps / 2);
  const bad = ofShare(limit * 1.5);
  const one = (why: string, firing: number, ...phases: readonly Phase[]): AlertCase => ({
    kind: 'more',
    why,
    at: steps * step,
    firing,
    given: trafficOver(indicator, phases),
  });
  const restarted = (counted: Counted): readonly Phase[] => [
    { steps: half, counted },
    { steps: 1, counted: 'away' },
    { steps: steps - half - 1, counted },
  ];
  const outweighed = one('one of two instances fails; the share of both is allowed', 0, { steps, counted: bad });
  const other = trafficOver(indicator, [{ steps, counted: { events: 3 * EVENTS, bad: 0 } }], 'b');
  return [
    one('no event: 0/0', 0, { steps, counted: NONE }),
    one(
      'a single event, which is bad',
      0,
      { steps: steps - 3, counted: NONE },
      { steps: 1, counted: { events: 1, bad: 1 } },
      { steps: 2, counted: NONE },
    ),
    one('a restart does not hide the failures', 1, ...restarted(bad)),
    one('a restart does not count as a failure', 0, ...restarted(GOOD)),
    { ...outweighed, given: { ...outweighed.given, ...other } },
    ...(outlastsMoment
      ? MOMENT_OVER_FOR.map((over) =>
          one(
            `a burst that ended ${over} steps ago and is still within the window`,
            0,
            { steps: steps - 3 - over, counted: GOOD },
            { steps: 3, counted: ofShare(1) },
            { steps: over, counted: GOOD },
          ),
        )
      : []),
    ...(pending === undefined
      ? []
      : [one('lasts for less than the time the alert waits', 0, ...endingIn(steps, pending / step - 2, ofShare(1)))]),
  ];
}

const endingIn = (steps: number, last: number, counted: Counted): readonly Phase[] => [
  { steps: steps - last, counted: GOOD },
  { steps: last, counted },
];

export const shareCases = (share: Share): AlertCases => ({
  alert: share.alert,
  step: share.step,
  cases: [...essentials(share), ...particulars(share)],
});

type Burn = Share & { readonly window: string; readonly short: number; readonly thorough: boolean };

/**
 * The cases of one budget alert, which fires only when both windows burn the budget. The cases on counters run for one
 * budget alert (`thorough`), because all budget alerts count in the same way.
 */
export function burnCases({ window, short, thorough, ...share }: Burn): AlertCases {
  const { alert, indicator, limit, step, lasting } = share;
  const steps = Math.ceil(lasting / step) + 2;
  const last = Math.ceil(short / step) + 2;
  const one = (why: string, phases: readonly Phase[]): AlertCase => ({
    kind: 'more',
    why,
    at: steps * step,
    firing: 0,
    given: trafficOver(indicator, phases),
  });
  const bad = ofShare(limit * 1.5);
  const over: readonly Phase[] = [
    { steps: steps - last, counted: bad },
    { steps: last, counted: GOOD },
  ];
  return {
    alert,
    window,
    step,
    cases: [
      ...essentials(share),
      ...(thorough ? particulars(share) : []),
      one('the failures have ended: the short window is below the limit', over),
      one('the failures began lately: the long window is below the limit', endingIn(steps, last, ofShare(limit * 1.1))),
    ],
  };
}
