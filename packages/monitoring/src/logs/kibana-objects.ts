import { LOG_PATTERN } from './index-files.ts';

type Reference = { readonly id: string; readonly name: string; readonly type: string };
export type KibanaObject = {
  readonly id: string;
  readonly type: 'dashboard' | 'index-pattern' | 'search' | 'visualization';
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly references: readonly Reference[];
};

export type LogSearch = {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** In Lucene's syntax, which both Kibana and a `query_string` understand. */
  readonly query: string;
  readonly columns: readonly string[];
};

const DATA_VIEW = 'phaselock-logs';

export const LOG_SEARCHES = [
  {
    id: 'phaselock-model-changes',
    title: 'phaselock: model changes',
    description: 'Turns that used another model than the previous turn in their slot',
    query: 'event.action:"model-changed"',
    columns: ['task_attempt_id', 'previous_variant', 'current_variant', 'phaselock.session_id', 'service.environment'],
  },
  {
    id: 'phaselock-errors',
    title: 'phaselock: errors',
    description: 'Errors that need attention, with their cause',
    query: 'log.level:(error OR fatal)',
    columns: ['service.name', 'event.action', 'error.type', 'error.code', 'error.message', 'http.request.id'],
  },
  {
    id: 'phaselock-failed-requests',
    title: 'phaselock: requests answered 5xx',
    description: 'Requests answered with a server error, with the ids that find all their log lines',
    query: 'http.response.status_code:[500 TO 599]',
    columns: ['event.action', 'http.response.status_code', 'url.path', 'user.id', 'http.request.id', 'trace.id'],
  },
  {
    id: 'phaselock-denied',
    title: 'phaselock: requests denied',
    description: 'Requests without a valid key or without the required right',
    query: 'http.response.status_code:(401 OR 403)',
    columns: ['event.action', 'http.request.method', 'url.path', 'user.id', 'host.hostname'],
  },
  {
    id: 'phaselock-flags',
    title: 'phaselock: flags set and killed',
    description: 'Changes and kills of flags, with their time and user',
    query: 'event.action:("flag-changed" OR "flag-killed")',
    columns: ['phaselock.flag.name', 'phaselock.flag.enabled', 'phaselock.flag.percent', 'user.name', 'host.hostname'],
  },
] as const satisfies readonly LogSearch[];

/** Charts of log lines over time: a query, and the field by which its lines are grouped. */
export const LOG_CHARTS = [
  { id: 'phaselock-lines-by-level', title: 'phaselock: lines by level', query: '*', field: 'log.level' },
  {
    id: 'phaselock-requests-by-outcome',
    title: 'phaselock: requests by outcome',
    query: '_exists_:http.request.method',
    field: 'event.outcome',
  },
  {
    id: 'phaselock-events',
    title: 'phaselock: events',
    query: 'NOT _exists_:http.request.method',
    field: 'event.action',
  },
] as const;

/** The objects that Kibana imports, from a file with one object per line. */
export const kibanaObjects = (): readonly KibanaObject[] => [
  {
    id: DATA_VIEW,
    type: 'index-pattern',
    attributes: { title: LOG_PATTERN, name: 'phaselock logs', timeFieldName: '@timestamp' },
    references: [],
  },
  ...LOG_SEARCHES.map(savedSearch),
  ...LOG_CHARTS.map(chart),
  dashboard(),
];

const INDEX_REFERENCE = 'kibanaSavedObjectMeta.searchSourceJSON.index';
const references: readonly Reference[] = [{ id: DATA_VIEW, name: INDEX_REFERENCE, type: 'index-pattern' }];
const searchSource = (query: string) => ({
  searchSourceJSON: JSON.stringify({ query: { query, language: 'lucene' }, filter: [], indexRefName: INDEX_REFERENCE }),
});

const savedSearch = ({ id, title, description, query, columns }: LogSearch): KibanaObject => ({
  id,
  type: 'search',
  attributes: {
    title,
    description,
    columns,
    sort: [['@timestamp', 'desc']],
    kibanaSavedObjectMeta: searchSource(query),
  },
  references,
});

const chart = ({ id, title, query, field }: (typeof LOG_CHARTS)[number]): KibanaObject => ({
  id,
  type: 'visualization',
  attributes: {
    title,
    description: '',
    uiStateJSON: '{}',
    visState: JSON.stringify({
      title,
      type: 'histogram',
      params: { type: 'histogram', addLegend: true, addTooltip: true, legendPosition: 'right' },
      aggs: [
        { id: '1', enabled: true, type: 'count', schema: 'metric', params: {} },
        {
          id: '2',
          enabled: true,
          type: 'date_histogram',
          schema: 'segment',
          params: { field: '@timestamp', interval: 'auto' },
        },
        {
          id: '3',
          enabled: true,
          type: 'terms',
          schema: 'group',
          params: { field, size: 10, orderBy: '1', order: 'desc' },
        },
      ],
    }),
    kibanaSavedObjectMeta: searchSource(query),
  },
  references,
});

const COLUMNS = 48;
const HEIGHT = 12;

function dashboard(): KibanaObject {
  const shown = [
    ...LOG_CHARTS.map(({ id }) => ({ id, type: 'visualization' })),
    ...LOG_SEARCHES.map(({ id }) => ({ id, type: 'search' })),
  ];
  const panels = shown.map(({ type }, index) => ({
    panelIndex: String(index + 1),
    panelRefName: `panel_${index + 1}`,
    type,
    gridData: {
      i: String(index + 1),
      x: (index % 2) * (COLUMNS / 2),
      y: Math.floor(index / 2) * HEIGHT,
      w: COLUMNS / 2,
      h: HEIGHT,
    },
    embeddableConfig: {},
  }));
  return {
    id: 'phaselock-logs',
    type: 'dashboard',
    attributes: {
      title: 'phaselock: logs',
      description: 'Log lines over time, and searches for errors, denied requests, model changes and flags',
      panelsJSON: JSON.stringify(panels),
      optionsJSON: JSON.stringify({ useMargins: true, hidePanelTitles: false }),
      timeRestore: true,
      timeFrom: 'now-24h',
      timeTo: 'now',
      kibanaSavedObjectMeta: {
        searchSourceJSON: JSON.stringify({ query: { query: '', language: 'lucene' }, filter: [] }),
      },
    },
    references: shown.map(({ id, type }, index) => ({ id, name: `panel_${index + 1}`, type })),
  };
}
