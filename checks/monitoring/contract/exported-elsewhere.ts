type Exporter = {
  readonly job: string;
  /** The program and the release whose `/metrics` has these. */
  readonly from: string;
  /** Each metric with the labels it has, besides job and instance. */
  readonly metrics: Readonly<Record<string, readonly string[]>>;
};

/** What rules and dashboards may ask of programs that are not ours. A name is added after it was seen in what the program exposes. */
export const EXPORTED: readonly Exporter[] = [];
