import type { Counts, Evidence, InstanceCounts, InstanceUse } from '../evidence/evidence.ts';
import type { Gate } from '../stages/stages.ts';

/** The flag as it is in the database, which every instance has to report as well. */
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
  /** Events counted; for a utilisation, the fewest periods of any instance. */
  readonly n: number;
  /** Bad events; for a utilisation, the most periods over the limit of any instance. */
  readonly failures: number;
  /** The n the stage was planned for. */
  readonly planned: number;
  /** The limit: a pass proves that the share of bad events is below it. */
  readonly limit: number;
  /** The share of bad events; for a utilisation, the highest mean of any instance. */
  readonly rate: number | null;
  /** One-sided bounds; null before the end of the bake, when they are not valid. */
  readonly upper: number | null;
  readonly lower: number | null;
  readonly confidence: number;
  /** Evidence that the limit is exceeded, valid at every look. The gate fails early at 1 / alpha. */
  readonly eValue: number | null;
  readonly control: ControlVerdict | null;
  readonly instances: readonly InstanceCounts[];
  readonly use: readonly InstanceUse[];
};

export type ControlVerdict = {
  readonly n: number;
  readonly failures: number;
  readonly instances: Counts['instances'];
  /** The probability of this or a larger difference if both cohorts are alike; judged only at the end. */
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

/** A reason that forbids a promotion now. */
export type Hold = {
  readonly reason: HoldReason;
  /** The instance, query or alert it is about. */
  readonly about: string | null;
  readonly detail: string;
  /**
   * Counts before this time are not reliable: the bake has to start again at this time or later. Null if waiting is
   * sufficient.
   */
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
   * `baking`: continue. `held`: continue when the holds are gone, see their `bakeFrom`. The others end the bake: it is
   * decided once, so the same window must not be judged again.
   */
  readonly why: 'proven' | 'failed_early' | 'failed' | 'not_proven' | 'baking' | 'held';
  readonly final: boolean;
  readonly reason: string;
  readonly holds: readonly Hold[];
  readonly gates: readonly GateVerdict[];
  readonly shown: Evidence['shown'];
};
