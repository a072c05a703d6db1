import type { RefusedWhy, Series } from '../prometheus/prometheus.ts';

/** All a verdict is made of, so that it can be made again from what was stored. */
export type Evidence = {
  readonly flag: string;
  readonly stage: number;
  /** When the bake began and until when it was looked at, in milliseconds. */
  readonly from: number;
  readonly to: number;
  readonly gates: readonly GateEvidence[];
  readonly instances: readonly InstanceEvidence[];
  readonly doubled: readonly Doubled[];
  readonly audit: AuditEvidence;
  /** Names of alerts of severity page that fire. */
  readonly firing: readonly string[];
  /** When the newest sample said that the watchdog fires; null when none did. Without a watchdog, it means nothing. */
  readonly watchdogAt: number | null;
  readonly requests: RequestEvidence;
  readonly refusals: readonly Refusal[];
  readonly shown: readonly { readonly title: string; readonly query: string; readonly series: readonly Series[] }[];
};

/** What was counted twice within the bake. */
export type Doubled = {
  /** Two series of one instance, or one process under two instances. */
  readonly kind: 'series' | 'process';
  readonly instances: readonly string[];
  readonly detail: string;
  /** From when on it is not any more; null while it is. */
  readonly overAt: number | null;
};

export type Refusal = { readonly query: string; readonly why: RefusedWhy; readonly detail: string };

export type GateEvidence = CountEvidence | UseEvidence;

export type CountEvidence = {
  readonly gate: string;
  readonly kind: 'counts';
  readonly queries: readonly string[];
  readonly treatment: Counts;
  /** Null where the metric has no cohorts. */
  readonly control: Counts | null;
};

export type Counts = {
  readonly n: number;
  readonly failures: number;
  readonly instances: readonly InstanceCounts[];
  /** What of it can be trusted: a failure can be certain on a part of the counts, a pass cannot. */
  readonly trusted: { readonly n: number; readonly failures: number };
  /** Why the counts cannot be trusted; empty when they can. */
  readonly untrusted: readonly Distrust[];
};

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
  /** Instances whose use cannot be trusted. */
  readonly doubtful: readonly string[];
  readonly untrusted: readonly Distrust[];
};

/** The share of its capacity an instance used, over the bake and in the whole periods of it. */
export type InstanceUse = {
  readonly instance: string;
  readonly mean: number;
  readonly periods: number;
  readonly over: number;
  /** The most periods in a row over the limit. */
  readonly longestRunOver: number;
  readonly highest: number;
};

export type InstanceEvidence = {
  readonly instance: string;
  /** Whether it was there when the bake began. */
  readonly atStart: boolean;
  readonly firstSampleAt: number | null;
  readonly lastSampleAt: number | null;
  /** Whether the newest sample of `up` is 1; null when there is none, or an old one: it is no target any more. */
  readonly up: boolean | null;
  readonly longestGapMs: number;
  /** When the longest stretch without a sample, if it was too long, was over. */
  readonly gapEndedAt: number | null;
  /** Processes of this instance that ended within the bake, each with the time of its last sample. */
  readonly ended: readonly number[];
  readonly flag: FlagReading;
  /** The id the process made up at its start; null when it does not tell it. */
  readonly process: string | null;
};

/** What an instance said of the flag. */
export type FlagReading = {
  /** The newest values; null when there is none. */
  readonly enabled: number | null;
  readonly percent: number | null;
  readonly version: number | null;
  readonly readAgeSeconds: number | null;
  /** The newest time at which it said something else than its newest values, or its read age was over the bound; null when never in the bake. */
  readonly lastOtherwiseAt: number | null;
};

/** Requests of all instances within the bake, and those of them that were refused for overload. */
export type RequestEvidence = {
  readonly answered: number;
  readonly shed: number;
  readonly untrusted: readonly Distrust[];
};

export type AuditEvidence = {
  readonly lastRunAt: number | null;
  readonly errors: number | null;
};
