import { LOG_FIELDS, type LogFieldType } from '@phaselock/telemetry';

/** What shippers add to a line, and is worth keeping. */
export const SHIPPED_FIELDS = {
  'data_stream.dataset': 'keyword',
  'data_stream.namespace': 'keyword',
  'data_stream.type': 'keyword',
  'event.ingested': 'date',
  'host.name': 'keyword',
  'log.file.path': 'keyword',
  tags: 'keyword',
} as const satisfies Readonly<Record<string, LogFieldType>>;

/** What shippers add, and the pipeline takes away: the index would refuse it. */
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

/** How a type of the catalogue is indexed. A keyword is found by all of it; what is longer is kept, and not found. */
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

/** Every field of an index, nested as the index wants it: `a.b` is `b` within `a`. */
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
