import type { Counts, Evidence, InstanceCounts, InstanceUse } from '../evidence/evidence.ts';
import type { Gate } from '../stages/stages.ts';

/** What the database says of the flag, which every instance has to say as well. */
export type FlagTruth = {
  readonly enabled: boolean;
  readonly percent: number;
  readonly version: number;
};

export type Outcome = 'pass' | 'fail' | 'inconclusive';

export type GateVerdict = {
  readonly gate: string;
  readonly title: string;
  readonly kind: Gate['kind'];
  readonly outcome: Outcome;
  /** A failure can be decided early; a pass only at the end of the bake. */
  readonly decided: 'early' | 'end' | 'not_yet';
  /** A sentence for a person. */
  readonly reason: string;
  readonly queries: readonly string[];
  readonly from: number;
  readonly to: number;
  /** Events counted, or periods of a utilisation. */
  readonly n: number;
  readonly failures: number;
  /** The n the stage was planned for. */
  readonly planned: number;
  /** The share that has to be proven to be below. */
  readonly limit: number;
  readonly rate: number | null;
  /** One-sided bounds; null before the end of the bake, when they mean nothing. */
  readonly upper: number | null;
  readonly lower: number | null;
  readonly confidence: number;
  /** Evidence against the limit being kept, valid at every look: early failure at 1 / alpha. */
  readonly eValue: number | null;
  readonly control: ControlVerdict | null;
  readonly instances: readonly InstanceCounts[];
  readonly use: readonly InstanceUse[];
};

export type ControlVerdict = {
  readonly n: number;
  readonly failures: number;
  readonly instances: Counts['instances'];
  /** How likely the difference, or a larger one, is when both cohorts are alike; judged at the end only. */
  readonly pValue: number | null;
};

export const HOLD_REASONS = [
  'prometheus_unavailable',
  'no_data',
  'not_a_number',
  'untrusted_counts',
  'not_at_stage',
  'stale',
  'too_few_instances',
  'instance_down',
  'process_ended',
  'scrape_gap',
  'doubled_series',
  'same_process',
  'not_converged',
  'flag_read_stale',
  'requests_shed',
  'clock',
  'audit_missing',
  'audit_stale',
  'audit_errors',
  'page_alert',
  'watchdog_missing',
] as const;
export type HoldReason = (typeof HOLD_REASONS)[number];

/** Why nothing may be promoted now. */
export type Hold = {
  readonly reason: HoldReason;
  /** The instance, query or alert it is about. */
  readonly about: string | null;
  readonly detail: string;
  /** What was counted before this time does not count: the bake has to begin anew then, or later. Null when waiting mends it. */
  readonly bakeFrom: number | null;
};

export type StageVerdict = {
  readonly flag: string;
  readonly stage: number;
  readonly percent: number;
  readonly from: number;
  readonly to: number;
  readonly outcome: Outcome;
  /**
   * `baking`: go on. `held`: go on when the holds are gone, see their `bakeFrom`. The others end the bake: a bake is decided once, so none
   * of them may be judged again over the same window.
   */
  readonly why: 'proven' | 'failed_early' | 'failed' | 'not_proven' | 'baking' | 'held';
  readonly final: boolean;
  readonly reason: string;
  readonly holds: readonly Hold[];
  readonly gates: readonly GateVerdict[];
  readonly shown: Evidence['shown'];
};
