import type { RefusedWhy, Series } from '../prometheus/prometheus.ts';

/** All data that a verdict is based on, so that the verdict can be repeated from stored data. */
export type Evidence = {
  readonly flag: string;
  readonly stage: number;
  /** Start of the bake and end of the evidence, in milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly gates: readonly GateEvidence[];
  readonly instances: readonly InstanceEvidence[];
  readonly doubled: readonly Doubled[];
  readonly audit: AuditEvidence;
  /** Names of the firing alerts of severity page. */
  readonly firing: readonly string[];
  /**
   * Time of the newest sample of the firing watchdog alert; null without such a sample. Not used if no watchdog is
   * configured.
   */
  readonly watchdogAt: number | null;
  readonly requests: RequestEvidence;
  readonly refusals: readonly Refusal[];
  readonly shown: readonly { readonly title: string; readonly query: string; readonly series: readonly Series[] }[];
};

/** A series or process that was counted twice within the bake. */
export type Doubled = {
  /** Two series of one instance, or one process under two instances. */
  readonly kind: 'series' | 'process';
  readonly instances: readonly string[];
  readonly detail: string;
  /** When the duplication ended; null while it continues. */
  readonly overAt: number | null;
};

/** A query that Prometheus did not answer completely. */
export type Refusal = { readonly query: string; readonly why: RefusedWhy; readonly detail: string };

export type GateEvidence = CountEvidence | UseEvidence;

export type CountEvidence = {
  readonly gate: string;
  readonly kind: 'counts';
  readonly queries: readonly string[];
  readonly treatment: Counts;
  /** Null if the metric has no cohorts. */
  readonly control: Counts | null;
};

export type Counts = {
  readonly n: number;
  readonly failures: number;
  readonly instances: readonly InstanceCounts[];
  /** The reliable part of the counts. It can prove a failure, but not a pass. */
  readonly trusted: { readonly n: number; readonly failures: number };
  /** Why the counts are not reliable; empty if they are. */
  readonly untrusted: readonly Distrust[];
};

/** A reason why counts are not reliable. */
export type Distrust = {
  readonly why:
    | 'no_data'
    | 'not_a_number'
    | 'not_a_counter'
    | 'beginning_unknown'
    | 'ended_early'
    | 'no_instance'
    | 'impossible';
  readonly detail: string;
};

export type InstanceCounts = { readonly instance: string; readonly n: number; readonly failures: number };

export type UseEvidence = {
  readonly gate: string;
  readonly kind: 'use';
  readonly queries: readonly string[];
  readonly instances: readonly InstanceUse[];
  /** Instances whose utilisation is not reliable. */
  readonly doubtful: readonly string[];
  readonly untrusted: readonly Distrust[];
};

/** The utilisation of one instance, over the bake and in its complete periods. */
export type InstanceUse = {
  readonly instance: string;
  readonly mean: number;
  /** The complete periods that were observed, and how many of them reached the limit. */
  readonly periods: number;
  readonly over: number;
  /** The longest run of consecutive periods over the limit. */
  readonly longestRunOver: number;
  readonly highest: number;
};

export type InstanceEvidence = {
  readonly instance: string;
  /** Whether it was seen when the bake started. */
  readonly atStart: boolean;
  readonly firstSampleAt: number | null;
  readonly lastSampleAt: number | null;
  /** Whether the newest sample of `up` is 1; null without a recent sample, because it is no target then. */
  readonly up: boolean | null;
  readonly longestGapMs: number;
  /** End of the latest gap between samples that was too long. */
  readonly gapEndedAt: number | null;
  /** Processes of this instance that ended within the bake, each with the time of its last sample. */
  readonly ended: readonly number[];
  readonly flag: FlagReading;
  /** The id that the process generated at its start; null if it does not report one. */
  readonly process: string | null;
};

/** The flag as an instance reported it. */
export type FlagReading = {
  /** The newest values; null without a value. */
  readonly enabled: number | null;
  readonly percent: number | null;
  readonly version: number | null;
  readonly readAgeSeconds: number | null;
  /**
   * The latest time within the bake with other values than the newest, or with a read age over the bound; null if there
   * is none.
   */
  readonly lastOtherwiseAt: number | null;
};

/** Requests of all instances within the bake, and how many of them were shed for overload. */
export type RequestEvidence = {
  readonly answered: number;
  readonly shed: number;
  readonly untrusted: readonly Distrust[];
};

export type AuditEvidence = {
  readonly lastRunAt: number | null;
  readonly errors: number | null;
};
