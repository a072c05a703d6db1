import { ANYTHING } from './judge-promql.ts';

/** An expression in a file, with its position and use. */
export type Query = {
  readonly file: string;
  /** The expression, with variables of dashboards filled in. */
  readonly promql: string;
  /** The text of the file, in which the expression is between `from` and `to`. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** The metric that the expression is recorded as, if it belongs to a recording rule. */
  readonly records?: string;
  /** Labels that the rule adds. */
  readonly adds?: Readonly<Record<string, string>>;
  /** The name of the alert, if the expression belongs to an alert rule. */
  readonly alerts?: string;
  /** Labels of the result that texts next to the expression show. */
  readonly shows: readonly { readonly label: string; readonly from: number }[];
};

/** A dashboard expression with Grafana's time variables set to fixed times, and the viewer's variables to ANYTHING. */
export const withoutVariables = (written: string): string =>
  written
    .replaceAll(/\$\{?__(?:interval_ms|range_ms|range_s|from|to)\}?/g, '300')
    .replaceAll(/\$\{?__(?:rate_interval|interval|range)\}?/g, '5m')
    .replaceAll(/(?<=\[|\soffset )\$\{?\w+\}?/g, '5m')
    .replaceAll(/\$\{\w+(?::\w+)?\}|\[\[\w+\]\]|\$[a-zA-Z_]\w*/g, ANYTHING);
