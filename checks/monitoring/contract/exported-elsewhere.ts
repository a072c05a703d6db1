type Exporter = {
  readonly job: string;
  /** The program, and the release whose `/metrics` has these metrics. */
  readonly from: string;
  /** Each metric with the labels it has, besides job and instance. */
  readonly metrics: Readonly<Record<string, readonly string[]>>;
};

/**
 * Metrics of third-party programs that rules and dashboards may use; they use none so far. A name is added only after
 * it was seen in the output of the program.
 */
export const EXPORTED: readonly Exporter[] = [];
