/** A sample as it was scraped. */
export type Sample = { readonly at: number; readonly value: number };

export type Series = {
  readonly labels: Readonly<Record<string, string>>;
  /** In order of time. */
  readonly samples: readonly Sample[];
};

/** A complete answer or a refusal. An error, a partial answer and an answer with warnings are refusals. */
export type Answer =
  | { readonly kind: 'series'; readonly series: readonly Series[] }
  | { readonly kind: 'refused'; readonly why: RefusedWhy; readonly detail: string };

export type RefusedWhy = 'unreachable' | 'timeout' | 'http_error' | 'unreadable' | 'too_large' | 'partial';

export type Prometheus = {
  /** The samples of each series with `from` < time <= `to`, both in milliseconds. A selector only, no function. */
  readonly raw: (selector: string, from: number, to: number) => Promise<Answer>;
  /** One value for each series at one time. */
  readonly instant: (query: string, at: number) => Promise<Answer>;
};
