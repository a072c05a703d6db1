import { fillVariables } from '../dashboards/fill-variables.ts';
import type { Dashboard, Panel, Target } from '../dashboards/read-dashboards.ts';
import type { Exemplar, Period, PrometheusQueries, Series } from './ask-prometheus.ts';

/** A series with the name that its legend gives it. */
export type NamedSeries = Series & { readonly name: string };
/** The points that Prometheus returned for a panel of a dashboard. */
export type PanelData = { readonly series: readonly NamedSeries[]; readonly exemplars: readonly Exemplar[] };
/** The time at which an annotation began, drawn as a vertical line. */
export type Mark = { readonly color: string; readonly unixSeconds: number };

/** The displayed time range, with the values of the interval variables of Grafana. */
export type Window = Period & { readonly scrapeSeconds: number; readonly rangeSeconds: number };

/** Queries Prometheus as Grafana would for a panel. */
export async function collectPanel(
  prometheus: PrometheusQueries,
  dashboard: Dashboard,
  { targets }: Panel,
  window: Window,
): Promise<PanelData> {
  const answers = await Promise.all(
    targets.map(async (target) => {
      const expr = fillVariables(target.expr, dashboard, window);
      const series = target.instant === true ? prometheus.instant(expr, window.to) : prometheus.range(expr, window);
      const exemplars = target.exemplar === true ? prometheus.exemplars(expr, window) : [];
      return { series: named(await series, target), exemplars: await exemplars };
    }),
  );
  return {
    series: answers.flatMap(({ series }) => series),
    exemplars: slowest(answers.flatMap(({ exemplars }) => exemplars)),
  };
}

const MOST_EXEMPLARS = 120;

/** Keeps only the slowest exemplars, which are of most interest, because thousands of dots would hide the lines. */
const slowest = (exemplars: readonly Exemplar[]): Exemplar[] =>
  exemplars.toSorted((one, other) => other.value - one.value).slice(0, MOST_EXEMPLARS);

/** Returns the times at which the annotations of a dashboard begin. */
export async function collectMarks(
  prometheus: PrometheusQueries,
  dashboard: Dashboard,
  window: Window,
): Promise<Mark[]> {
  const found = await Promise.all(
    dashboard.annotations.list.map(async ({ expr, iconColor }) => {
      const series = await prometheus.range(fillVariables(expr, dashboard, window), window);
      return series.flatMap(({ points }) =>
        beginnings(points, window).map((unixSeconds) => ({ color: iconColor, unixSeconds })),
      );
    }),
  );
  return found.flat();
}

/** The first point of each sequence without a gap, except a sequence that already existed when the window began. */
function beginnings(points: Series['points'], { from, stepSeconds }: Window): number[] {
  return points
    .map(([at]) => at)
    .filter((at, index, all) => at > from && at - (all[index - 1] ?? Number.NEGATIVE_INFINITY) > stepSeconds * 1.5);
}

const named = (series: readonly Series[], { legendFormat }: Target): NamedSeries[] =>
  series.map((one) => ({
    ...one,
    name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => one.labels[label] ?? ''),
  }));
