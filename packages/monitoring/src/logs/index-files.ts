import { indexProperties, REMOVED_FIELDS } from './index-fields.ts';

const NOTE = { _meta: { managed_by: 'packages/monitoring/src/logs' } } as const;

export const LOG_PATTERN = 'logs-phaselock.*-*';
const MAPPINGS_NAME = 'phaselock-log-mappings';
const SETTINGS_NAME = 'phaselock-log-settings';
const POLICY_NAME = 'phaselock-logs';
const PIPELINE_NAME = 'phaselock-logs';

/** Higher than the priority of Elasticsearch's own template for all log streams. */
const PRIORITY = 200;

/** `strict` refuses a document with an unknown field, because an unknown name is a mistake. */
export const mappings = () => ({
  template: { mappings: { dynamic: 'strict', properties: indexProperties() } },
  ...NOTE,
});

/** `ignore_malformed: false` also refuses a value of the wrong type, such as a text in the place of a number. */
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

/** OpenSearch has no index lifecycle management and refuses a template that names a policy. */
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

/** The lifecycle for OpenSearch's Index State Management: at most a day until rollover, and 30 days after it. */
export const statePolicy = () => ({
  policy: {
    description: 'Rolls over daily or at 10 GB, deletes after 31 days. Made by packages/monitoring/src/logs',
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
  description: 'Removes fields that log shippers add to phaselock lines, and sets the time of ingestion',
  processors: [
    { remove: { field: [...REMOVED_FIELDS], ignore_missing: true } },
    { set: { field: 'event.ingested', value: '{{_ingest.timestamp}}' } },
  ],
});
