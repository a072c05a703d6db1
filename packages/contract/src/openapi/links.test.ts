import { describe, expect, test } from 'vitest';
import { resolved, schemaAt } from '../pages/schema-fields.ts';
import type { Json, JsonObject } from './json-schemas.ts';
import { TOLD } from './links.ts';
import { openApiDocument } from './openapi-document.ts';

const document = openApiDocument({ version: '1' });
const operations = new Map(
  Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map((operation): [string, JsonObject] => [String(operation.operationId), operation]),
  ),
);

const objectAt = (from: Json | undefined): JsonObject =>
  typeof from === 'object' && from !== null && !Array.isArray(from) ? Object.fromEntries(Object.entries(from)) : {};

/** Follows a JSON pointer through a schema. */
function pointedAt(schema: JsonObject | undefined, pointer: string): JsonObject | undefined {
  let at = schema;
  for (const step of pointer.split('/').slice(1)) {
    if (at === undefined) return undefined;
    const held = resolved(at, document);
    at = /^\d+$/.test(step) ? schemaAt(held, ['items']) : schemaAt(held, ['properties', step]);
  }
  return at;
}

const json = (of: JsonObject | undefined): JsonObject | undefined =>
  of === undefined ? undefined : schemaAt(of, ['content', 'application/json', 'schema']);

const answersOf = (operation: JsonObject): JsonObject[] =>
  Object.entries(objectAt(operation.responses)).flatMap(([status, held]) =>
    status.startsWith('2') ? [objectAt(held)] : [],
  );

describe('the values listed in TOLD', () => {
  const told = Object.entries(TOLD).flatMap(([id, values]) =>
    Object.entries(values).map(([name, place]) => ({ id, name, place })),
  );

  test.each(told)('$id provides $name at $place', ({ id, name, place }) => {
    const operation = operations.get(id) ?? {};
    const [, where = '', pointer = ''] = /^\$(request\.path|request\.body|response\.body)[.#](.+)$/.exec(place) ?? [];
    switch (where) {
      case 'response.body':
        for (const answer of answersOf(operation)) expect(pointedAt(json(answer), pointer)).toBeDefined();
        return;
      case 'request.body':
        expect(pointedAt(json(objectAt(operation.requestBody)), pointer)).toBeDefined();
        return;
      default:
        expect(pointer).toBe(name);
        expect(JSON.stringify(operation.parameters)).toContain(`"name":"${pointer}","in":"path"`);
    }
  });
});

describe('the links', () => {
  const links = [...operations.values()].flatMap((operation) =>
    answersOf(operation).flatMap((answer) => Object.values(objectAt(answer.links)).map(objectAt)),
  );

  test('pass only values that the target operation takes', () => {
    expect(links.length).toBeGreaterThan(100);
    for (const { operationId, parameters, requestBody } of links) {
      const target = operations.get(String(operationId)) ?? {};
      for (const name of Object.keys(objectAt(parameters)))
        expect(JSON.stringify(target.parameters)).toContain(`"name":"${name}"`);
      for (const name of Object.keys(objectAt(requestBody)))
        expect(pointedAt(json(objectAt(target.requestBody)), `/${name}`)).toBeDefined();
    }
  });

  test('reach every operation with a path parameter', () => {
    const reached = new Set(links.map(({ operationId }) => operationId));
    const asking = Object.entries(document.paths).flatMap(([path, methods]) =>
      path.includes('{') ? Object.values(methods).map(({ operationId }) => operationId) : [],
    );
    expect(asking.filter((id) => !reached.has(String(id)))).toEqual([]);
  });
});
