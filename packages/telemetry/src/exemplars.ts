/** Where to look up one of the observations in a bucket: the request it came from. Together no more than the 128 characters OpenMetrics allows. */
export type ExemplarLabels = {
  readonly request_id: string;
  /** Of the caller's trace, where it sent one. */
  readonly trace_id?: string;
};

type Exemplar = {
  readonly labels: ExemplarLabels;
  readonly value: number;
  readonly unixSeconds: number;
};

/** The latest exemplar of each bucket of one series. */
type SeriesExemplars = { readonly bounds: readonly number[]; readonly latest: (Exemplar | undefined)[] };

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
      const latest: SeriesExemplars['latest'] = [];
      shelf.set(series, { bounds, latest });
      return (value, labels) => {
        latest[bucketOf(bounds, value)] = { labels, value, unixSeconds: unixMs() / 1_000 };
      };
    },
    behind(series, le) {
      const kept = shelf.get(series);
      const bucket = kept === undefined ? -1 : le === '+Inf' ? kept.bounds.length : kept.bounds.indexOf(Number(le));
      const exemplar = kept?.latest[bucket];
      if (exemplar === undefined) return '';
      const { labels, value, unixSeconds } = exemplar;
      const pairs = Object.entries(labels).map(([name, text]) => `${name}="${text}"`);
      return ` # {${pairs.join(',')}} ${value} ${unixSeconds}`;
    },
  };
}

function bucketOf(bounds: readonly number[], value: number): number {
  const bucket = bounds.findIndex((bound) => value <= bound);
  return bucket < 0 ? bounds.length : bucket;
}
