/** A dashboard as rows of panels. Positions, ids and the properties that all panels share are derived from it. */
export type DashboardPlan = {
  /** Never changes, because addresses and bookmarks contain it. */
  readonly uid: string;
  readonly title: string;
  /** The questions that the dashboard answers. */
  readonly description: string;
  /** The viewer can select the jobs that have this metric. */
  readonly jobsOf: string;
  /** Selected at first. "All" would select every job in Prometheus, including those of other products. */
  readonly jobs: readonly string[];
  readonly rows: readonly RowPlan[];
};

export type RowPlan = { readonly title: string; readonly height: number; readonly panels: readonly PanelPlan[] };

export type Query = {
  readonly expr: string;
  /** The name of each series, with its labels in double braces. */
  readonly legend: string;
  /** Whether the histogram has exemplars, which name a request for each bucket. */
  readonly exemplars?: boolean;
};

/** Units by their names in Grafana. */
type Unit = 'short' | 'none' | 's' | 'percentunit' | 'percent' | 'bytes' | 'Bps' | 'reqps' | 'ops' | 'cores';

/** The value from which on a panel shows that something is wrong. */
type Limit = { readonly at: number; readonly bad: 'above' | 'below' };

export type PanelPlan = {
  readonly kind: 'stat' | 'gauge' | 'timeseries' | 'table' | 'state-timeline';
  readonly title: string;
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** The alert whose runbook describes what to do when the panel shows a problem. */
  readonly runbook: string;
  /** In columns, of 24. Panels without a width divide the remaining columns of their row evenly. */
  readonly width?: number;
  readonly limit?: Limit;
  readonly stacked?: boolean;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  /** The text to show without a series, because a counter has no series before its first event. */
  readonly none?: string;
  /** The text to show for a value instead of the number. */
  readonly words?: Readonly<Record<string, { readonly text: string; readonly color: string }>>;
  /** The columns of a table: the label that each shows, and its heading. */
  readonly columns?: Readonly<Record<string, string>>;
};
