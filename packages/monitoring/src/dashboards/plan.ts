/** A dashboard as a person plans it: rows of panels. Where each stands, its id and what every one has in common are worked out from this. */
export type DashboardPlan = {
  /** Addresses and bookmarks are made of it: it never changes. */
  readonly uid: string;
  readonly title: string;
  /** The questions it answers. */
  readonly description: string;
  /** The jobs that can be chosen are those that have this metric. */
  readonly jobsOf: string;
  /** Those that are chosen at first. All would be every job that Prometheus has, other people's as well. */
  readonly jobs: readonly string[];
  readonly rows: readonly RowPlan[];
};

export type RowPlan = { readonly title: string; readonly height: number; readonly panels: readonly PanelPlan[] };

export type Query = {
  readonly expr: string;
  /** The name of each series, with its labels in double braces. */
  readonly legend: string;
  /** Its histogram tells a request for each bucket. */
  readonly exemplars?: boolean;
};

/** Units by the names Grafana has for them. */
type Unit = 'short' | 'none' | 's' | 'percentunit' | 'percent' | 'bytes' | 'Bps' | 'reqps' | 'ops' | 'cores';

/** A value from which on something is wrong. */
type Limit = { readonly at: number; readonly bad: 'above' | 'below' };

export type PanelPlan = {
  readonly kind: 'stat' | 'gauge' | 'timeseries' | 'table' | 'state-timeline';
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** The alert whose runbook says what to do when this looks wrong. */
  readonly runbook: string;
  /** Of the 24 columns; all of a row share it evenly otherwise. */
  readonly width?: number;
  readonly limit?: Limit;
  readonly stacked?: boolean;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** What stands where no series is, as there is none of an event that did not happen. */
  readonly none?: string;
  /** What a value means, instead of the number. */
  readonly words?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
  /** Of a table: its columns, by the label each shows; `Value` is the number. */
  readonly columns?: Readonly<Record<string, string>>;
};
