import { LOG_FIELDS, type LogFieldType } from '@phaselock/telemetry';

/** Fields that log shippers add to a line and that the index keeps. */
export const SHIPPED_FIELDS = {
  'data_stream.dataset': 'keyword',
  'data_stream.namespace': 'keyword',
  'data_stream.type': 'keyword',
  'event.ingested': 'date',
  'host.name': 'keyword',
  'log.file.path': 'keyword',
  tags: 'keyword',
} as const satisfies Readonly<Record<string, LogFieldType>>;

/** Fields that log shippers add and the ingest pipeline removes, because the index would refuse them. */
export const REMOVED_FIELDS = [
  '@version',
  'agent',
  'container',
  'event.original',
  'input',
  'kubernetes',
  'log.file.device_id',
  'log.file.fingerprint',
  'log.file.inode',
  'log.offset',
  'metadata',
  'orchestrator',
  'stream',
] as const;

/** How each type of the catalogue is indexed. A keyword longer than `ignore_above` is stored but cannot be searched. */
const MAPPINGS = {
  boolean: { type: 'boolean' },
  date: { type: 'date' },
  double: { type: 'double' },
  keyword: { type: 'keyword', ignore_above: 1_024 },
  long: { type: 'long' },
  stack: { type: 'wildcard' },
  text: { type: 'match_only_text' },
} as const satisfies Readonly<Record<LogFieldType, object>>;

export type Mapping = { [name: string]: Mapping | string | number };

/** Every field of the index, nested as Elasticsearch expects: `a.b` is `b` within `a`. */
export function indexProperties(): Mapping {
  const root: Mapping = {};
  for (const [name, { type }] of Object.entries(LOG_FIELDS)) place(root, name, { ...MAPPINGS[type] });
  for (const [name, type] of Object.entries(SHIPPED_FIELDS)) place(root, name, { ...MAPPINGS[type] });
  return root;
}

function place(properties: Mapping, name: string, mapping: Mapping): void {
  const [first = '', ...rest] = name.split('.');
  if (rest.length === 0) {
    properties[first] = mapping;
    return;
  }
  const own = properties[first];
  const within = typeof own === 'object' ? own : {};
  const inner = within.properties;
  const next = typeof inner === 'object' ? inner : {};
  properties[first] = { ...within, properties: next };
  place(next, rest.join('.'), mapping);
}
