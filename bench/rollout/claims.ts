import type { Stage } from '@phaselock/rollout';
import type { Ending, Schedule, Truth } from './simulated-campaigns.ts';

/** Limits that the gates guarantee for one stage, with the true failure rates that make them hardest to keep. */
export type Claim = {
  readonly stage: number;
  readonly truth: Truth;
  readonly schedules: readonly Schedule[];
  readonly promises: readonly Promised[];
};

/** The ending occurs in at least, or at most, this share of the campaigns. */
export type Promised = { readonly ending: Ending; readonly atLeast?: number; readonly atMost?: number };

const ONCE: Schedule = { name: 'once, at the end', every: null };
const SELDOM: Schedule = { name: 'every 100 events', every: 100 };
const EVERY_SCHEDULE = [ONCE, SELDOM, { name: 'every 10 events', every: 10 }, { name: 'every event', every: 1 }];

const HEALTHY = 0.002;
const well = { treatment: HEALTHY, control: HEALTHY };

/**
 * Failure rates of replacements, while starts fail at the healthy rate: only the gate of replacements can find them,
 * and no other gate blocks the stage.
 */
const replacementsAt = (name: string, treatment: number, control = HEALTHY): Truth => ({
  name,
  rates: { replacement_success: { treatment, control }, error_rate: well },
});

export function claimsFor(lastStage: Stage): readonly Claim[] {
  const assumed = lastStage.gates.flatMap((gate) =>
    gate.kind === 'utilisation' ? [] : [[gate.name, { treatment: gate.assumed, control: gate.assumed }] as const],
  );
  const first = { stage: 1, schedules: EVERY_SCHEDULE };
  const found: readonly Promised[] = [{ ending: 'aborted early', atLeast: 0.95 }];
  return [
    {
      ...first,
      truth: replacementsAt('exactly 1 % fail', 0.01, 0.01),
      promises: [
        { ending: 'promoted', atMost: 0.05 },
        { ending: 'aborted early', atMost: 0.01 },
      ],
    },
    { ...first, truth: replacementsAt('0.2 % fail', HEALTHY), promises: [{ ending: 'promoted', atLeast: 0.8 }] },
    { ...first, truth: replacementsAt('5 % fail', 0.05), promises: found },
    { ...first, truth: replacementsAt('20 % of 5 % fail, 1 % of all', 0.2, 0), promises: found },
    {
      stage: lastStage.number,
      schedules: [ONCE, SELDOM],
      truth: { name: 'every gate at its assumed rate', rates: Object.fromEntries(assumed) },
      promises: [{ ending: 'promoted', atLeast: 0.8 }],
    },
  ];
}

/** Three standard errors of a share measured over this many campaigns. */
export const tolerance = (share: number, campaigns: number): number => 3 * Math.sqrt((share * (1 - share)) / campaigns);

export function isKept({ atLeast = 0, atMost = 1 }: Promised, share: number, within = 0): boolean {
  return share >= atLeast - within && share <= atMost + within;
}

export const inWords = ({ ending, atLeast, atMost }: Promised): string =>
  atLeast === undefined ? `${ending} <= ${(atMost ?? 1) * 100} %` : `${ending} >= ${atLeast * 100} %`;
