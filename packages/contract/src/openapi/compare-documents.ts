import { resolved, schemaAt } from '../pages/schema-fields.ts';
import type { Json, JsonObject } from './json-schemas.ts';
import type { OpenApiDocument } from './openapi-document.ts';

type DocumentChange = { readonly where: string; readonly what: string };
export type DocumentChanges = {
  readonly breaking: readonly DocumentChange[];
  readonly other: readonly DocumentChange[];
};

type Side = 'request' | 'answer';
type Found = DocumentChange & { readonly breaking: boolean };
type Pair = { readonly before: OpenApiDocument; readonly after: OpenApiDocument };

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const objectOf = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});
const listOf = (value: Json | undefined): readonly Json[] => (Array.isArray(value) ? value : []);
const change = (where: string, what: string, breaking: boolean): Found => ({ where, what, breaking });

/** Lists the changes between two documents, and separates those that break a client written for the first one. */
export function compareDocuments(before: OpenApiDocument, after: OpenApiDocument): DocumentChanges {
  const found: Found[] = [];
  const pair = { before, after };
  for (const [path, method, old] of operationsIn(before)) {
    const where = `${method.toUpperCase()} ${path}`;
    const now = after.paths[path]?.[method];
    if (now === undefined) found.push(change(where, 'was removed', true));
    else found.push(...compareOperation(where, old, now, pair));
  }
  for (const [path, method] of operationsIn(after)) {
    if (before.paths[path]?.[method] === undefined)
      found.push(change(`${method.toUpperCase()} ${path}`, 'was added', false));
  }
  const bare = ({ where, what }: Found): DocumentChange => ({ where, what });
  return {
    breaking: found.filter(({ breaking }) => breaking).map(bare),
    other: found.filter(({ breaking }) => !breaking).map(bare),
  };
}

const operationsIn = ({ paths }: OpenApiDocument): [string, string, JsonObject][] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): [string, string, JsonObject] => [path, method, operation]),
  );

function compareOperation(where: string, old: JsonObject, now: JsonObject, pair: Pair): Found[] {
  const found: Found[] = [];
  if (old['x-scope'] !== now['x-scope']) {
    found.push(change(where, `needs the scope ${String(now['x-scope'])} instead of ${String(old['x-scope'])}`, true));
  }
  found.push(...compareParameters(where, old, now, pair));
  const body = (operation: JsonObject): JsonObject | undefined =>
    schemaAt(operation, ['requestBody', 'content', 'application/json', 'schema']);
  found.push(...compareSchemas(`${where} body`, 'request', body(old), body(now), pair));
  found.push(...compareAnswers(where, objectOf(old.responses), objectOf(now.responses), pair));
  return found;
}

function compareParameters(where: string, old: JsonObject, now: JsonObject, pair: Pair): Found[] {
  const byName = ({ parameters }: JsonObject): Map<string, JsonObject> =>
    new Map(
      listOf(parameters).map((one) => [`${String(objectOf(one).in)} ${String(objectOf(one).name)}`, objectOf(one)]),
    );
  const [before, after] = [byName(old), byName(now)];
  return [
    ...[...before].flatMap(([name, parameter]): Found[] => {
      const next = after.get(name);
      if (next === undefined) return [change(`${where} ${name}`, 'was removed', true)];
      const required = next.required === true && parameter.required !== true;
      return [
        ...(required ? [change(`${where} ${name}`, 'is now required', true)] : []),
        ...compareSchemas(`${where} ${name}`, 'request', objectOf(parameter.schema), objectOf(next.schema), pair),
      ];
    }),
    ...[...after]
      .filter(([name]) => !before.has(name))
      .map(([name, { required }]) => change(`${where} ${name}`, 'was added', required === true)),
  ];
}

function compareAnswers(where: string, old: JsonObject, now: JsonObject, pair: Pair): Found[] {
  const removed = Object.keys(old).filter((status) => !(status in now));
  const added = Object.keys(now).filter((status) => !(status in old));
  return [
    ...removed.map((status) => change(`${where} ${status}`, 'is no longer returned', status.startsWith('2'))),
    ...added.map((status) => change(`${where} ${status}`, 'can now be returned', false)),
    ...Object.keys(old)
      .filter((status) => status in now)
      .flatMap((status) => compareContent(`${where} ${status}`, objectOf(old[status]), objectOf(now[status]), pair)),
  ];
}

function compareContent(where: string, old: JsonObject, now: JsonObject, pair: Pair): Found[] {
  const [before, after] = [objectOf(old.content), objectOf(now.content)];
  return Object.entries(before).flatMap(([mediaType, held]) =>
    mediaType in after
      ? compareSchemas(
          where,
          'answer',
          objectOf(objectOf(held).schema),
          objectOf(objectOf(after[mediaType]).schema),
          pair,
        )
      : [change(where, `no longer has ${mediaType}`, true)],
  );
}

/** Compatible changes: a request requires less, or an answer contains more. The reverse breaks clients. */
function compareSchemas(
  where: string,
  side: Side,
  old: JsonObject | undefined,
  now: JsonObject | undefined,
  pair: Pair,
  depth = 0,
): Found[] {
  if (old === undefined && now === undefined) return [];
  if (old === undefined || now === undefined)
    return [change(where, old === undefined ? 'now has a schema' : 'no longer has a schema', true)];
  if (depth > MAX_DEPTH) return [];
  const [before, after] = [resolved(old, pair.before), resolved(now, pair.after)];
  if (JSON.stringify(typeIn(before)) !== JSON.stringify(typeIn(after))) {
    return [change(where, `is ${JSON.stringify(typeIn(after))}, was ${JSON.stringify(typeIn(before))}`, true)];
  }
  return [
    ...compareEnums(where, side, before, after),
    ...compareBounds(where, side, before, after),
    ...compareProperties(where, side, before, after, pair, depth),
    ...compareItems(where, side, before, after, pair, depth),
  ];
}

const MAX_DEPTH = 8;

const typeIn = ({ type, anyOf, oneOf, const: only, format }: JsonObject): Json => [
  type ?? null,
  listOf(anyOf ?? oneOf).length,
  only ?? null,
  format ?? null,
];

function compareEnums(where: string, side: Side, before: JsonObject, after: JsonObject): Found[] {
  const [old, now] = [listOf(before.enum), listOf(after.enum)];
  const gone = old.filter((value) => !now.includes(value));
  const more = now.filter((value) => !old.includes(value));
  return [
    ...(gone.length > 0 && now.length > 0
      ? [change(where, `${gone.join(', ')} is no longer a value`, side === 'request')]
      : []),
    ...(more.length > 0
      ? [change(where, `${more.join(', ')} is a new value`, side === 'request' && old.length === 0)]
      : []),
  ];
}

const UPPER = ['maximum', 'maxLength', 'maxItems', 'maxProperties'] as const;
const LOWER = ['minimum', 'minLength', 'minItems'] as const;

function compareBounds(where: string, side: Side, before: JsonObject, after: JsonObject): Found[] {
  if (side === 'answer') return [];
  const number = (value: Json | undefined, absent: number): number => (typeof value === 'number' ? value : absent);
  const { POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
  const changes = (
    names: readonly string[],
    absent: number,
    narrower: (old: number, now: number) => boolean,
  ): Found[] =>
    names.flatMap((name) => {
      const [old, now] = [number(before[name], absent), number(after[name], absent)];
      return old === now ? [] : [change(where, `${name} is ${now}, was ${old}`, narrower(old, now))];
    });
  return [...changes(UPPER, most, (old, now) => now < old), ...changes(LOWER, least, (old, now) => now > old)];
}

function compareProperties(
  where: string,
  side: Side,
  before: JsonObject,
  after: JsonObject,
  pair: Pair,
  depth: number,
): Found[] {
  const [old, now] = [objectOf(before.properties), objectOf(after.properties)];
  const [needed, neededNow] = [listOf(before.required), listOf(after.required)];
  return [
    ...Object.entries(old).flatMap(([name, schema]): Found[] => {
      const at = `${where}.${name}`;
      // Bodies are strict and refuse unknown properties, so removing a property breaks clients that still send it.
      if (!(name in now)) return [change(at, 'was removed', true)];
      const [was, is] = [needed.includes(name), neededNow.includes(name)];
      const stricter = side === 'request' ? is && !was : was && !is;
      return [
        ...(was === is ? [] : [change(at, is ? 'is now required' : 'is now optional', stricter)]),
        ...compareSchemas(at, side, objectOf(schema), objectOf(now[name]), pair, depth + 1),
      ];
    }),
    ...Object.keys(now)
      .filter((name) => !(name in old))
      .map((name) => change(`${where}.${name}`, 'was added', side === 'request' && neededNow.includes(name))),
  ];
}

function compareItems(
  where: string,
  side: Side,
  before: JsonObject,
  after: JsonObject,
  pair: Pair,
  depth: number,
): Found[] {
  const choices = (schema: JsonObject): readonly Json[] => listOf(schema.anyOf ?? schema.oneOf);
  const items = isObject(before.items)
    ? compareSchemas(`${where}[]`, side, before.items, objectOf(after.items), pair, depth + 1)
    : [];
  return [
    ...items,
    ...choices(before).flatMap((choice, index) =>
      compareSchemas(where, side, objectOf(choice), objectOf(choices(after)[index]), pair, depth + 1),
    ),
  ];
}
