/** Events per hour of each gate, of all cohorts together, measured over some time. */
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
  /** Failures with which the gate still passes at that size. */
  readonly allowed: number;
  /** Events per hour that count for the gate: those of the treatment, if it compares cohorts. */
  readonly perHour: number;
  /** Infinity without traffic. */
  readonly takesMs: number;
};

export type StagePlan = {
  readonly flag: string;
  readonly stage: number;
  readonly percent: number;
  readonly gates: readonly GatePlan[];
  readonly slowest: string;
  /** At least the shortest bake; Infinity if the stage can never be proven at present traffic. */
  readonly takesMs: number;
  /** Whether the longest bake the stage allows is long enough. */
  readonly fits: boolean;
  /** A sentence for a person, such as "stage 1: 28 days at 3 replacements an hour". */
  readonly sentence: string;
};
