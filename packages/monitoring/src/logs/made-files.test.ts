import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { LOG_FIELDS } from '@phaselock/telemetry';
import { describe, expect, test } from 'vitest';
import { fieldsPage } from './fields-page.ts';
import { indexProperties, type Mapping, REMOVED_FIELDS, SHIPPED_FIELDS } from './index-fields.ts';
import {
  indexTemplate,
  lifecycle,
  mappings,
  openSearchTemplate,
  pipeline,
  settings,
  statePolicy,
} from './index-files.ts';
import { kibanaObjects, LOG_CHARTS, LOG_SEARCHES } from './kibana-objects.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const json = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;
const MADE: readonly (readonly [string, string])[] = [
  ['ops/elk/elasticsearch/mappings.json', json(mappings())],
  ['ops/elk/elasticsearch/settings.json', json(settings())],
  ['ops/elk/elasticsearch/index-template.json', json(indexTemplate())],
  ['ops/elk/elasticsearch/lifecycle.json', json(lifecycle())],
  ['ops/elk/elasticsearch/pipeline.json', json(pipeline())],
  ['ops/elk/opensearch/index-template.json', json(openSearchTemplate())],
  ['ops/elk/opensearch/state-policy.json', json(statePolicy())],
  [
    'ops/elk/kibana/objects.ndjson',
    kibanaObjects()
      .map((object) => `${JSON.stringify(object)}\n`)
      .join(''),
  ],
  ['docs/log-fields.md', fieldsPage()],
];

test.each(MADE)('%s is generated from the catalogue of log fields', (file, made) => {
  if (process.env.PHASELOCK_UPDATE_DOCS === '1') writeFileSync(resolve(ROOT, file), made);
  expect(readFileSync(resolve(ROOT, file), 'utf8')).toBe(made);
});

/** The field names of an index, as a query writes them: `a.b`. */
function namesIn(properties: Mapping, before = ''): string[] {
  return Object.entries(properties).flatMap(([name, mapping]) => {
    if (typeof mapping !== 'object') return [];
    return typeof mapping.properties === 'object'
      ? namesIn(mapping.properties, `${before}${name}.`)
      : [`${before}${name}`];
  });
}

describe('the index', () => {
  const names = namesIn(indexProperties());

  test('has the fields of the catalogue, the kept fields of shippers, and no other', () => {
    expect(names.toSorted()).toEqual([...Object.keys(LOG_FIELDS), ...Object.keys(SHIPPED_FIELDS)].toSorted());
  });

  test('has no field that the pipeline removes', () => {
    expect(REMOVED_FIELDS.filter((gone) => names.some((name) => name === gone || name.startsWith(`${gone}.`)))).toEqual(
      [],
    );
  });
});

describe('the Kibana import file', () => {
  const names = namesIn(indexProperties());
  const objects = kibanaObjects();

  test('queries only fields that the index has', () => {
    const asked = [...LOG_SEARCHES, ...LOG_CHARTS].flatMap(({ query }) =>
      [...query.matchAll(/([@a-z_][\w.@]*):(?:([a-z_][\w.]*)$)?/g)].map(([, name = '', existing]) => existing ?? name),
    );
    const shown = [...LOG_SEARCHES.flatMap(({ columns }) => columns), ...LOG_CHARTS.map(({ field }) => field)];
    expect([...asked, ...shown].filter((name) => !names.includes(name))).toEqual([]);
    expect(asked.length).toBeGreaterThanOrEqual(LOG_SEARCHES.length);
  });

  test('refers only to its own objects, which have unique ids', () => {
    const ids = objects.map(({ type, id }) => `${type} ${id}`);
    expect(new Set(ids).size).toBe(ids.length);
    const wanted = objects.flatMap(({ references }) => references.map(({ type, id }) => `${type} ${id}`));
    expect(wanted.filter((id) => !ids.includes(id))).toEqual([]);
  });
});
