import { parser } from '@prometheus-io/lezer-promql';
import { describe, expect, test } from 'vitest';
import { fillVariables } from './fill-variables.ts';
import { type Dashboard, type Panel, panelsOf, readDashboards, rowsOf, type Target } from './read-dashboards.ts';

/**
 * Checks the rules of grafana/dashboard-linter, under the names they have there, and further conditions for Grafana to
 * show every panel. The linter itself is not available as an npm package.
 */
const DASHBOARDS = readDashboards();
const SOURCE = '$datasource';

/** Series without the labels `job` and `instance`, for which the label rules of the linter do not hold. */
const OF_ALL: readonly (readonly [RegExp, string])[] = [
  [/^ALERTS\b/, 'an alert may have no instance, and may concern every job'],
];

type Asked = { readonly where: string; readonly expr: string };
const asked = (dashboard: Dashboard): Asked[] =>
  panelsOf(dashboard).flatMap(({ title, targets }) =>
    targets.map(({ refId, expr }) => ({ where: `${dashboard.file}: ${title}: ${refId}`, expr })),
  );
const ASKED = DASHBOARDS.flatMap(asked);
const PANELS = DASHBOARDS.flatMap((dashboard) =>
  panelsOf(dashboard).map((panel) => ({ where: `${dashboard.file}: ${panel.title}`, panel })),
);
const variableOf = ({ templating }: Dashboard, name: string) => templating.list.find((one) => one.name === name);

/** The text of each selector in an expression. */
function selectorsIn(expr: string): string[] {
  const found: string[] = [];
  const text = expr.replaceAll('$__rate_interval', '5m').replaceAll('$budget', '5m').replaceAll('$__range', '5m');
  parser.parse(text).iterate({
    enter: ({ name, from, to }) => {
      if (name === 'VectorSelector') found.push(text.slice(from, to));
    },
  });
  return found;
}

function mistakesIn(expr: string): string[] {
  const mistakes: string[] = [];
  const text = expr.replaceAll('$__rate_interval', '5m').replaceAll('$budget', '5m').replaceAll('$__range', '5m');
  parser.parse(text).iterate({
    enter: ({ type, from, to }) => {
      if (type.isError) mistakes.push(`at ${from}: ${text.slice(Math.max(0, from - 20), to + 20)}`);
    },
  });
  return mistakes;
}

test('there are seven dashboards with more than 100 expressions', () => {
  expect(DASHBOARDS).toHaveLength(7);
  expect(ASKED.length).toBeGreaterThan(100);
});

describe.each(DASHBOARDS.map((dashboard) => [dashboard.file, dashboard] as const))('%s', (_, dashboard) => {
  test('template-datasource-rule', () => {
    expect(variableOf(dashboard, 'datasource')).toMatchObject({
      type: 'datasource',
      query: 'prometheus',
      label: 'Data source',
    });
  });

  test.each(['job', 'instance'])('template-job-rule, template-instance-rule: %s', (name) => {
    expect(variableOf(dashboard, name)).toMatchObject({
      type: 'query',
      datasource: { uid: SOURCE },
      label: name === 'job' ? 'Job' : 'Instance',
      multi: true,
      allValue: '.+',
    });
  });

  test('template-label-promql-rule', () => {
    const queries = dashboard.templating.list.flatMap(({ query }) => (typeof query === 'object' ? [query.query] : []));
    expect(queries).toHaveLength(2);
    for (const query of queries) {
      const [, selector = '', label] = /^label_values\((.+), (\w+)\)$/.exec(query) ?? [];
      expect(mistakesIn(selector), query).toEqual([]);
      expect(['job', 'instance']).toContain(label);
    }
  });

  test('template-on-time-change-reload-rule', () => {
    const queried = dashboard.templating.list.filter(({ type }) => type === 'query');
    expect(queried.map(({ refresh }) => refresh)).toEqual(queried.map(() => 2));
  });

  test('uneditable-dashboard-rule: a change in the browser would be lost', () => {
    expect(dashboard.editable).toBe(false);
  });

  test('ids start at 1 and are unique', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(Math.min(...ids)).toBeGreaterThanOrEqual(1);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test('no panel overlaps another or leaves the grid', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (__, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(dashboard.panels.every(({ gridPos: { x, w } }) => x >= 0 && x + w <= 24)).toBe(true);
  });

  test('rows are open and hold no panels, because Grafana does not show panels within an open row', () => {
    expect(rowsOf(dashboard).length).toBeGreaterThan(1);
    for (const row of rowsOf(dashboard)) expect(row).toMatchObject({ collapsed: false, panels: [] });
  });

  test('the dashboard has at most 20 panels', () => {
    expect(panelsOf(dashboard).length).toBeLessThanOrEqual(20);
  });

  test('no two panels of the same type have the same title', () => {
    const titles = panelsOf(dashboard).map(({ type, title }) => `${type} ${title}`);
    expect(new Set(titles).size).toBe(titles.length);
  });
});

test('each uid matches its file name', () => {
  expect(DASHBOARDS.map(({ uid }) => uid)).toEqual(
    DASHBOARDS.map(({ file }) => `phaselock-${file.replace('.json', '')}`),
  );
});

const refused = (rule: (panel: Panel) => boolean): string[] =>
  PANELS.filter(({ panel }) => !rule(panel)).map(({ where }) => where);

test('panel-datasource-rule, for queries and annotations as well', () => {
  expect(
    refused(({ datasource, targets }) => [{ datasource }, ...targets].every((one) => one.datasource.uid === SOURCE)),
  ).toEqual([]);
  expect(
    DASHBOARDS.flatMap(({ annotations }) => annotations.list).every(({ datasource }) => datasource.uid === SOURCE),
  ).toBe(true);
});

test('panel-title-description-rule', () => {
  expect(
    refused(({ title, description }) => title !== '' && description.length > 15 && description.endsWith('.')),
  ).toEqual([]);
});

test('panel-units-rule', () => {
  expect(refused(({ fieldConfig }) => UNITS.includes(fieldConfig.defaults.unit))).toEqual([]);
});
const UNITS = ['short', 'none', 's', 'percentunit', 'percent', 'bytes', 'Bps', 'reqps', 'ops'];

test('panel-no-targets-rule', () => {
  expect(refused(({ targets }) => targets.length > 0)).toEqual([]);
});

test('every panel links to a runbook', () => {
  expect(
    refused(({ links }) =>
      links.some(({ title, url }) => title === 'Runbook' && /\/ops\/runbooks\/[a-z-]+\.md$/.test(url)),
    ),
  ).toEqual([]);
});

test('target-promql-rule, for annotations as well', () => {
  const marks = DASHBOARDS.flatMap(({ file, annotations }) =>
    annotations.list.map(({ name, expr }) => ({ where: `${file}: ${name}`, expr })),
  );
  expect(
    [...ASKED, ...marks].flatMap(({ where, expr }) => mistakesIn(expr).map((said) => `${where}: ${said}`)),
  ).toEqual([]);
  expect(mistakesIn('sum(rate(x[5m])')).not.toEqual([]);
});

test('target-rate-interval-rule: every range is a variable, except the hour of the starts in runtime.json', () => {
  const windows = ASKED.flatMap(({ where, expr }) =>
    [...expr.matchAll(/\[([^\]]+)\]/g)].map(([, window]) => `${where}: ${window}`),
  );
  expect(windows.filter((one) => !/: (\$__rate_interval|\$__range|\$budget)$/.test(one))).toEqual([
    'runtime.json: Starts within an hour: A: 1h',
  ]);
});

test('target-counter-agg-rule: counters are used with a rate, except in one panel', () => {
  const bare = ASKED.filter(({ expr }) =>
    /_total(?:\{[^}]*\})?(?!\[|\{|\w)/.test(expr.replaceAll(/\w+\([^()]*_total\{[^}]*\}\[[^\]]+\]\)/g, '')),
  );
  expect(bare.map(({ where }) => where)).toEqual(['locks-and-pool.json: Embedded PostgreSQL down: A']);
});

test.each(['job', 'instance'])('target-job-rule, target-instance-rule: %s', (label) => {
  const without = ASKED.flatMap(({ where, expr }) =>
    selectorsIn(expr)
      .filter(
        (selector) => !selector.includes(`${label}=~"$${label}"`) && !OF_ALL.some(([name]) => name.test(selector)),
      )
      .map((selector) => `${where}: ${selector}`),
  );
  expect(without).toEqual([]);
});

test('panels query exemplars of exactly the two histograms that have them', () => {
  const asks = PANELS.flatMap(({ panel }) => panel.targets).filter(({ exemplar }: Target) => exemplar === true);
  expect(new Set(asks.flatMap(({ expr }) => selectorsIn(expr).map((one) => one.split('{')[0])))).toEqual(
    new Set(['phaselock_http_request_seconds_bucket', 'phaselock_session_replacement_seconds_bucket']),
  );
});

test('fillVariables leaves no variable in any expression', () => {
  for (const dashboard of DASHBOARDS)
    for (const { where, expr } of asked(dashboard))
      expect(
        fillVariables(expr, dashboard, { stepSeconds: 15, scrapeSeconds: 15, rangeSeconds: 300 }),
        where,
      ).not.toContain('$');
});
