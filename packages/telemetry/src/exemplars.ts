/** Where to look up one of the observations in a bucket: the request it came from. Together no more than the 128 characters OpenMetrics allows. */
export type ExemplarLabels = {
  readonly request_id: string;
  /** Of the caller's trace, where it sent one. */
  readonly trace_id?: string;
};

/** The latest exemplar of each bucket of one series, in columns: an observation makes no object. */
type SeriesExemplars = {
  readonly bounds: readonly number[];
  readonly labels: (ExemplarLabels | undefined)[];
  readonly values: Float64Array;
  readonly unixSeconds: Float64Array;
};

/** Beside the histograms, whose library keeps them only for observations that look their series up anew. */
export type ExemplarShelf = {
  /** For a series, named as the exposition names it: `metric` or `metric{label="value"}`. */
  place(series: string, bounds: readonly number[]): (value: number, labels: ExemplarLabels) => void;
  /** As OpenMetrics writes it behind the bucket of the series, or nothing. */
  behind(series: string, le: string): string;
};

export function exemplarShelf(unixMs: () => number): ExemplarShelf {
  const shelf = new Map<string, SeriesExemplars>();
  return {
    place(series, bounds) {
      const buckets = bounds.length + 1;
      const kept: SeriesExemplars = {
        bounds,
        labels: Array.from({ length: buckets }, () => undefined),
        values: new Float64Array(buckets),
        unixSeconds: new Float64Array(buckets),
      };
      shelf.set(series, kept);
      return (value, labels) => {
        const bucket = bucketOf(bounds, value);
        kept.labels[bucket] = labels;
        kept.values[bucket] = value;
        kept.unixSeconds[bucket] = unixMs() / 1_000;
      };
    },
    behind(series, le) {
      const kept = shelf.get(series);
      if (kept === undefined) return '';
      const bucket = le === '+Inf' ? kept.bounds.length : kept.bounds.indexOf(Number(le));
      const labels = kept.labels[bucket];
      if (labels === undefined) return '';
      const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text}"`);
      return ` # {${pairs.join(',')}} ${kept.values[bucket]} ${kept.unixSeconds[bucket]}`;
    },
  };
}

function bucketOf(bounds: readonly number[], value: number): number {
  let bucket = 0;
  while (bucket < bounds.length && value > (bounds[bucket] ?? 0)) bucket += 1;
  return bucket;
}
