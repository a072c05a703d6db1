/** Numbers of time are milliseconds, numbers of a rate are fractions of one. */
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
  /** How likely a cohort at the assumed rate is to pass at the planned size. */
  readonly power: number;
  /** How likely a cohort exactly at the limit is ever to be failed early, however often it is looked at. */
  readonly earlyFailAlpha: number;
  /** How likely a treatment just like its control is to be failed for being worse. */
  readonly controlAlpha: number;
  /** How much worse it has to be for that, as a share of the limit. */
  readonly controlMargin: number;
};

export type PrometheusBounds = {
  /** The `job` label of the API processes. */
  readonly job: string;
  readonly scrapeIntervalMs: number;
  /** The longest stretch of time with no sample of an instance that still counts as seen throughout. */
  readonly longestGapMs: number;
  readonly timeoutMs: number;
  readonly largestAnswerBytes: number;
  /** The longest range that is asked for at once. */
  readonly chunkMs: number;
};

export type Preconditions = {
  readonly leastInstances: number;
  readonly oldestSampleMs: number;
  readonly oldestFlagReadMs: number;
  readonly oldestAuditMs: number;
  readonly mostAuditErrors: number;
  /** The name of an alert that always fires; null when there is none, and whether alerts are evaluated is not known. */
  readonly watchdog: string | null;
  /** The share of requests that may be refused for overload during a bake: what was refused was not measured. */
  readonly mostShedRequests: number;
  /** Processes that may end during a bake: what each counted after its last scrape is not known. */
  readonly mostEndedProcesses: number;
};

/** The steps in which one flag is given to more subjects. */
export type Ladder = {
  readonly flag: string;
  readonly subject: 'user' | 'task';
  readonly cohorts: Cohorts;
  readonly stages: readonly Stage[];
};

/** Which values of which label are the subjects the flag applies to, and those it does not. */
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
  /** Those of the stage and those of every stage before it. */
  readonly gates: readonly Gate[];
  readonly bake: { readonly leastMs: number; readonly mostMs: number };
  /** How much each gate needs for the planned power, by its name. */
  readonly sizes: Readonly<Record<string, Size>>;
  /** Looked at by a person, judged by nobody. */
  readonly shown: readonly Shown[];
};

/** Events of the treatment, or periods, and how many of them may be bad. */
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
  /** The sentence of the specification the limit is from. */
  readonly spec: string;
  /** The label that tells cohorts apart; null where the metric has none, and everybody is counted. */
  readonly by: string | null;
  /** The metric of a k6 scenario that is held to the same limit. */
  readonly k6: string | null;
};

/** The share of bad events is below the limit. */
export type FailuresGate = NamedGate & {
  readonly kind: 'failures';
  readonly limit: number;
  /** The share a healthy cohort is assumed to have, which the bake is planned for. */
  readonly assumed: number;
  readonly bad: readonly Selector[];
  readonly total: readonly Selector[];
  /** Events that are in two metrics of `total`, and are one event each. */
  readonly twice: readonly Selector[];
};

/** The quantile is below the limit: the share of observations above it is below one minus the quantile. */
export type LatencyGate = NamedGate & {
  readonly kind: 'latency';
  readonly limitSeconds: number;
  readonly quantile: number;
  /** The share above the limit a healthy cohort is assumed to have. */
  readonly assumed: number;
  readonly histogram: Selector;
};

/** The share of a resource that each instance uses is below the limit. */
export type UtilisationGate = NamedGate & {
  readonly kind: 'utilisation';
  readonly limit: number;
  /** The share of periods in which an instance has to be below the limit. */
  readonly quantile: number;
  readonly periodMs: number;
  /** As many periods in a row over the limit fail the gate before the end of the bake. */
  readonly earlyPeriods: number;
  readonly used: Selector;
  readonly capacity: Selector;
};

export type Gate = FailuresGate | LatencyGate | UtilisationGate;
