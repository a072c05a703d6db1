/** The label names of a metric, each with all its possible values. */
export type LabelSets = Readonly<Record<string, readonly string[]>>;

export type LabelValues<Labels extends LabelSets> = { readonly [Name in keyof Labels]: Labels[Name][number] };

export type MetricSpec<Labels extends LabelSets = LabelSets> = {
  readonly name: string;
  readonly help: string;
  readonly labels: Labels;
};

export type HistogramSpec<Labels extends LabelSets = LabelSets> = MetricSpec<Labels> & {
  /**
   * Upper bounds. A threshold of an alert or a rollout stage must be one of them, because queries can only count
   * buckets.
   */
  readonly buckets: readonly number[];
};

/** Returns the label values of every series that the metric can have. */
export function everyCombination(labels: LabelSets): Record<string, string>[] {
  return Object.entries(labels).reduce<Record<string, string>[]>(
    (partial, [name, values]) =>
      partial.flatMap((combination) => values.map((value) => ({ ...combination, [name]: value }))),
    [{}],
  );
}
