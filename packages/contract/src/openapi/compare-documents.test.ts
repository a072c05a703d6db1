import { describe, expect, test } from 'vitest';
import { compareDocuments } from './compare-documents.ts';
import type { JsonObject } from './json-schemas.ts';
import { type OpenApiDocument, openApiDocument } from './openapi-document.ts';

const PAGE: JsonObject = {
  type: 'object',
  properties: { id: { type: 'string' }, note: { type: 'string' } },
  required: ['id'],
};
const base: JsonObject = {
  'x-scope': 'sessions:read',
  parameters: [{ name: 'limit', in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 200 } }],
  requestBody: { content: { 'application/json': { schema: PAGE } } },
  responses: { '200': { content: { 'application/json': { schema: { $ref: '#/components/schemas/Thing' } } } } },
};
const THING: JsonObject = {
  type: 'object',
  properties: { state: { type: 'string', enum: ['a', 'b'] }, items: { type: 'array', items: { type: 'integer' } } },
  required: ['state', 'items'],
};

const documentOf = (operation: JsonObject | undefined, thing: JsonObject = THING): OpenApiDocument => ({
  openapi: '3.1.0',
  info: { title: 't', version: '1', description: 'd' },
  servers: [],
  security: [],
  tags: [],
  paths: operation === undefined ? {} : { '/v1/things': { post: operation } },
  components: { schemas: { Thing: thing } },
});

const body = (schema: JsonObject): JsonObject => ({
  ...base,
  requestBody: { content: { 'application/json': { schema } } },
});
const parameter = (more: JsonObject): JsonObject => ({
  ...base,
  parameters: [
    { name: 'limit', in: 'query', required: false, schema: { type: 'integer', minimum: 1, maximum: 200 }, ...more },
  ],
});

const breakingOf = (after: JsonObject | undefined, thing?: JsonObject): string[] =>
  compareDocuments(documentOf(base), documentOf(after, thing)).breaking.map(({ where, what }) => `${where} ${what}`);

describe('compareDocuments reports as breaking', () => {
  test.each<[string, JsonObject | undefined, JsonObject?]>([
    ['a removed operation', undefined],
    ['a changed scope', { ...base, 'x-scope': 'admin' }],
    ['a removed parameter', { ...base, parameters: [] }],
    ['a parameter that becomes required', parameter({ required: true })],
    ['a narrower bound', parameter({ schema: { type: 'integer', minimum: 1, maximum: 100 } })],
    ['a changed type', parameter({ schema: { type: 'string' } })],
    ['a removed body field', body({ ...PAGE, properties: { id: { type: 'string' } } })],
    ['a body field that becomes required', body({ ...PAGE, required: ['id', 'note'] })],
    [
      'a new required body field',
      body({ ...PAGE, properties: { id: { type: 'string' }, note: { type: 'string' }, x: {} }, required: ['id', 'x'] }),
    ],
    ['a removed success status', { ...base, responses: {} }],
    ['a changed media type', { ...base, responses: { '200': { content: { 'text/plain': {} } } } }],
    ['a removed answer field', base, { ...THING, properties: { state: { type: 'string', enum: ['a', 'b'] } } }],
    ['an answer field that becomes optional', base, { ...THING, required: ['state'] }],
    [
      'a changed type of a nested answer field',
      base,
      {
        ...THING,
        properties: {
          ...(typeof THING.properties === 'object' && THING.properties !== null && !Array.isArray(THING.properties)
            ? THING.properties
            : {}),
          items: { type: 'array', items: { type: 'string' } },
        },
      },
    ],
  ])('%s', (_what, after, thing) => {
    expect(breakingOf(after, thing)).toHaveLength(1);
  });
});

describe('compareDocuments does not report as breaking', () => {
  test.each<[string, JsonObject, JsonObject?]>([
    ['no change', base],
    ['a wider bound', parameter({ schema: { type: 'integer', minimum: 0, maximum: 500 } })],
    [
      'a new optional body field',
      body({ ...PAGE, properties: { id: { type: 'string' }, note: { type: 'string' }, x: {} } }),
    ],
    ['a body field that becomes optional', body({ ...PAGE, required: [] })],
    [
      'a new status',
      {
        ...base,
        responses: {
          ...(typeof base.responses === 'object' && base.responses !== null && !Array.isArray(base.responses)
            ? base.responses
            : {}),
          '429': {},
        },
      },
    ],
    [
      'a new value in an answer',
      base,
      {
        ...THING,
        properties: {
          state: { type: 'string', enum: ['a', 'b', 'c'] },
          items: { type: 'array', items: { type: 'integer' } },
        },
      },
    ],
  ])('%s', (_what, after, thing) => {
    expect(breakingOf(after, thing)).toEqual([]);
  });

  test('the document compared with itself', () => {
    const document = openApiDocument({ version: '1' });
    expect(compareDocuments(document, document)).toEqual({ breaking: [], other: [] });
  });
});
