import { ANYTHING } from './judge-promql.ts';

/** An expression in a file: where it stands there, and what it is for. */
export type Query = {
  readonly file: string;
  /** What Prometheus is asked: variables of dashboards are filled in. */
  readonly promql: string;
  /** The part of the file it stands in. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** The metric whose values it becomes, if it is a recording rule. */
  readonly records?: string;
  /** Labels that the rule adds. */
  readonly adds?: Readonly<Record<string, string>>;
  /** The name of the alert it fires. */
  readonly alerts?: string;
  /** Labels that texts beside it take from its answer. */
  readonly shows: readonly { readonly label: string; readonly from: number }[];
};

/** An expression of a dashboard as it is sent: times of Grafana are some time, and what a viewer chooses is anything. */
export const withoutVariables = (written: string): string =>
  written
    .replaceAll(/\$\{?__(?:interval_ms|range_ms|range_s|from|to)\}?/g, '300')
    .replaceAll(/\$\{?__(?:rate_interval|interval|range)\}?/g, '5m')
    .replaceAll(/(?<=\[|\soffset )\$\{?\w+\}?/g, '5m')
    .replaceAll(/\$\{\w+(?::\w+)?\}|\[\[\w+\]\]|\$[a-zA-Z_]\w*/g, ANYTHING);
