/** Identifies the request of one observation in a bucket. OpenMetrics allows 128 characters for all labels together. */
export type ExemplarLabels = {
  readonly request_id: string;
  /** The caller’s trace, if it sent one. */
  readonly trace_id?: string;
};

/** The latest exemplar of each bucket of one series. In arrays, so that an observation allocates no object. */
type SeriesExemplars = {
  readonly bounds: readonly number[];
  readonly labels: (ExemplarLabels | undefined)[];
  readonly values: Float64Array;
  readonly unixSeconds: Float64Array;
};

/**
 * Stores exemplars outside the histograms: the library only stores them for observations that look up their series each
 * time.
 */
export type ExemplarShelf = {
  /** Returns a recorder for a series, which has the name of the exposition: `metric` or `metric{label="value"}`. */
  place(series: string, bounds: readonly number[]): (value: number, labels: ExemplarLabels) => void;
  /** Returns the exemplar of a bucket in OpenMetrics format, or an empty text. */
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
