/** Events an hour of each gate, whatever their cohort, as measured over some time with the whole traffic. */
export type Traffic = {
  readonly measuredOverMs: number;
  readonly perHour: Readonly<Record<string, number>>;
};

export type GatePlan = {
  readonly gate: string;
  readonly title: string;
  /** What is counted, in the plural. */
  readonly events: string;
  /** Events needed in the treatment cohort; periods for a utilisation. */
  readonly needed: number;
  /** Failures that are still enough to pass at that size. */
  readonly allowed: number;
  /** Of those that count for the gate: of the treatment, where it tells cohorts apart. */
  readonly perHour: number;
  /** Infinity at no traffic. */
  readonly takesMs: number;
};

export type StagePlan = {
  readonly flag: string;
  readonly stage: number;
  readonly percent: number;
  readonly gates: readonly GatePlan[];
  readonly slowest: string;
  /** With the least time of the bake; Infinity is never at present traffic. */
  readonly takesMs: number;
  /** Whether the longest bake the stage allows is long enough. */
  readonly fits: boolean;
  /** A sentence for a person, such as "stage 1: 28 days at 3 replacements an hour". */
  readonly sentence: string;
};
