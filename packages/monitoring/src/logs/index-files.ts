import { indexProperties, REMOVED_FIELDS } from './index-fields.ts';

const NOTE = { _meta: { managed_by: 'packages/monitoring/src/logs' } } as const;

export const LOG_PATTERN = 'logs-phaselock.*-*';
const MAPPINGS_NAME = 'phaselock-log-mappings';
const SETTINGS_NAME = 'phaselock-log-settings';
const POLICY_NAME = 'phaselock-logs';
const PIPELINE_NAME = 'phaselock-logs';

/** Above the template that Elasticsearch has for all streams of logs. */
const PRIORITY = 200;

/** A field that is not here is refused with its document: a name nobody knows is a mistake, and no field more. */
export const mappings = () => ({
  template: { mappings: { dynamic: 'strict', properties: indexProperties() } },
  ...NOTE,
});

/** A number in the place of a text, or the other way round, is refused as well. */
const INDEX = {
  number_of_shards: 1,
  codec: 'best_compression',
  default_pipeline: PIPELINE_NAME,
  mapping: { ignore_malformed: false },
} as const;

export const settings = () => ({
  template: { settings: { index: { ...INDEX, lifecycle: { name: POLICY_NAME } } } },
  ...NOTE,
});

export const indexTemplate = () => ({
  index_patterns: [LOG_PATTERN],
  data_stream: {},
  priority: PRIORITY,
  composed_of: [MAPPINGS_NAME, SETTINGS_NAME],
  ...NOTE,
});

/** OpenSearch has no such lifecycles, and refuses a template that names one. */
export const openSearchTemplate = () => ({
  index_patterns: [LOG_PATTERN],
  data_stream: {},
  priority: PRIORITY,
  composed_of: [MAPPINGS_NAME],
  template: { settings: { index: INDEX } },
  ...NOTE,
});

export const lifecycle = () => ({
  policy: {
    phases: {
      hot: { min_age: '0ms', actions: { rollover: { max_age: '1d', max_primary_shard_size: '10gb' } } },
      delete: { min_age: '30d', actions: { delete: {} } },
    },
    ...NOTE,
  },
});

/** The same for OpenSearch, by its Index State Management: 30 days after an index was full, which takes a day at most. */
export const statePolicy = () => ({
  policy: {
    description: 'An index a day or at its size, deleted after its time. Made by packages/monitoring/src/logs',
    default_state: 'written',
    states: [
      {
        name: 'written',
        actions: [{ rollover: { min_index_age: '1d', min_primary_shard_size: '10gb' } }],
        transitions: [{ state_name: 'deleted', conditions: { min_index_age: '31d' } }],
      },
      { name: 'deleted', actions: [{ delete: {} }], transitions: [] },
    ],
    ism_template: [{ index_patterns: [LOG_PATTERN], priority: PRIORITY }],
  },
});

export const pipeline = () => ({
  description: 'Takes away what shippers add to lines of phaselock, and says when a line came in',
  processors: [
    { remove: { field: [...REMOVED_FIELDS], ignore_missing: true } },
    { set: { field: 'event.ingested', value: '{{_ingest.timestamp}}' } },
  ],
});
