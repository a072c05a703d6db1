/** The parsed stages.yml. Times are in milliseconds, rates are fractions of 1. */
export type Stages = {
  readonly decision: Decision;
  readonly prometheus: PrometheusBounds;
  readonly preconditions: Preconditions;
  readonly gates: readonly Gate[];
  readonly ladders: readonly Ladder[];
};

export type Decision = {
  /** One-sided: a gate that passes is below its limit with this confidence. */
  readonly confidence: number;
  /** Probability that a cohort at the assumed rate passes at the planned size. */
  readonly power: number;
  /** Probability that a cohort exactly at the limit ever fails early, however often it is checked. */
  readonly earlyFailAlpha: number;
  /** Probability that a treatment just like its control is judged worse. */
  readonly controlAlpha: number;
  /** The smallest difference that counts as worse, as a share of the limit. */
  readonly controlMargin: number;
};

export type PrometheusBounds = {
  /** The `job` label of the API processes. */
  readonly job: string;
  readonly scrapeIntervalMs: number;
  /** The longest time between two samples of an instance that does not count as a gap. */
  readonly longestGapMs: number;
  readonly timeoutMs: number;
  readonly largestAnswerBytes: number;
  /** The longest time range of one query. */
  readonly chunkMs: number;
};

export type Preconditions = {
  readonly leastInstances: number;
  readonly oldestSampleMs: number;
  readonly oldestFlagReadMs: number;
  readonly oldestAuditMs: number;
  readonly mostAuditErrors: number;
  /** The name of an alert that always fires; null if there is none: then it is unknown whether alerts are evaluated. */
  readonly watchdog: string | null;
  /** The share of requests that may be shed during a bake, because shed requests are not measured. */
  readonly mostShedRequests: number;
  /** Processes that may end during a bake, because their counts after the last scrape are unknown. */
  readonly mostEndedProcesses: number;
};

/** The stages in which one flag is switched on for more and more subjects. */
export type Ladder = {
  readonly flag: string;
  readonly subject: 'user' | 'task';
  readonly cohorts: Cohorts;
  readonly stages: readonly Stage[];
};

/** The label values of the subjects with the flag, and of those without it. */
export type Cohorts = {
  readonly label: string;
  readonly treatment: readonly string[];
  readonly control: readonly string[];
};

export type Stage = {
  readonly flag: string;
  /** From 1. */
  readonly number: number;
  readonly percent: number;
  readonly cohorts: Cohorts;
  /** The gates of this stage and of all stages before it. */
  readonly gates: readonly Gate[];
  readonly bake: { readonly leastMs: number; readonly mostMs: number };
  /** The size that each gate needs for the planned power, by its name. */
  readonly sizes: Readonly<Record<string, Size>>;
  /** Metrics that are displayed, but not judged. */
  readonly shown: readonly Shown[];
};

/** Number of events of the treatment, or of periods, and how many of them may be bad. */
export type Size = { readonly n: number; readonly allowed: number };

export type Shown = { readonly title: string; readonly selector: Selector };

export type Selector = {
  readonly metric: string;
  readonly labels: Readonly<Record<string, readonly string[]>>;
  readonly not: Readonly<Record<string, readonly string[]>>;
};

type NamedGate = {
  readonly name: string;
  readonly title: string;
  /** What is counted, in the plural. */
  readonly events: string;
  /** The requirement from which the limit comes. */
  readonly spec: string;
  /** The label that separates the cohorts; null if the metric has none, so that all events count. */
  readonly by: string | null;
  /** The k6 metric with the same limit; null if there is none. */
  readonly k6: string | null;
};

/** Passes if the share of bad events is below the limit. */
export type FailuresGate = NamedGate & {
  readonly kind: 'failures';
  readonly limit: number;
  /** The share a healthy cohort is assumed to have, which the bake is planned for. */
  readonly assumed: number;
  readonly bad: readonly Selector[];
  readonly total: readonly Selector[];
  /** Events that are in two metrics of `total`, but count once. */
  readonly twice: readonly Selector[];
};

/** Passes if the quantile is below the limit: the share of observations above it is below one minus the quantile. */
export type LatencyGate = NamedGate & {
  readonly kind: 'latency';
  readonly limitSeconds: number;
  readonly quantile: number;
  /** The share above the limit a healthy cohort is assumed to have. */
  readonly assumed: number;
  readonly histogram: Selector;
};

/** Passes if each instance uses less of a resource than the limit. */
export type UtilisationGate = NamedGate & {
  readonly kind: 'utilisation';
  readonly limit: number;
  /** The share of periods in which an instance has to be below the limit. */
  readonly quantile: number;
  readonly periodMs: number;
  /** This many consecutive periods over the limit fail the gate before the end of the bake. */
  readonly earlyPeriods: number;
  readonly used: Selector;
  readonly capacity: Selector;
};

export type Gate = FailuresGate | LatencyGate | UtilisationGate;
