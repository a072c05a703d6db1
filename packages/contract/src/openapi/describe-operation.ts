import { ERRORS, type ErrorCode } from '@phaselock/core';
import { errorsOf } from '../errors-of.ts';
import type { AnswerSpec, RouteSpec } from '../route.ts';
import { PROBLEM_MEDIA_TYPE, problem } from '../schemas/problem.ts';
import type { Json, JsonObject, SchemaCollector } from './json-schemas.ts';
import { linksFrom } from './links.ts';

type Place = 'path' | 'query' | 'header';

/** Describes one operation in OpenAPI. */
export function describeOperation(
  route: RouteSpec,
  routes: readonly RouteSpec[],
  schemas: SchemaCollector,
): JsonObject {
  const links = linksFrom(route, routes, schemas);
  const parameters = parametersOf(route, schemas);
  return {
    operationId: route.id,
    tags: [route.group],
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    ...(route.scope === 'none' ? { security: [] } : { 'x-scope': route.scope }),
    ...(parameters.length > 0 && { parameters }),
    ...bodyOf(route, schemas),
    responses: { ...answersOf(route, links, schemas), ...problemsOf(route, schemas) },
  };
}

function parametersOf(route: RouteSpec, schemas: SchemaCollector): JsonObject[] {
  return [
    ...inSchema('path', route.params, schemas),
    ...inSchema('query', route.query, schemas),
    ...(route.takesIdempotencyKey
      ? [header('Idempotency-Key', 'A repeated call with this key takes effect once; kept for a day', KEY)]
      : []),
    ...(route.takesIfMatch
      ? [header('If-Match', 'Apply the change only if the ETag is still this one', { type: 'string' })]
      : []),
    ...(isStream(route) ? [header('Last-Event-ID', 'Resume after this id', { type: 'string', pattern: PLACE })] : []),
  ];
}

const KEY: JsonObject = { type: 'string', minLength: 1, maxLength: 255, pattern: '^[!-~]+$' };
const PLACE = '^[0-9]{1,19}-[0-9]{1,15}$';

const header = (name: string, description: string, schema: JsonObject): JsonObject => ({
  name,
  in: 'header',
  required: false,
  description,
  schema,
});

const isStream = ({ answers }: RouteSpec): boolean =>
  Object.values(answers).some(({ mediaTypes }) => mediaTypes?.includes('text/event-stream') === true);

function inSchema(place: Place, schema: RouteSpec['params'], schemas: SchemaCollector): JsonObject[] {
  if (schema === undefined) return [];
  const { properties, required } = schemas.schemaOf(schema, 'input');
  if (typeof properties !== 'object' || properties === null || Array.isArray(properties)) return [];
  const needed = Array.isArray(required) ? required : [];
  return Object.entries(properties).map(([name, property]): JsonObject => {
    const { description, ...bare } = asObject(property);
    return {
      name,
      in: place,
      required: needed.includes(name),
      ...(description !== undefined && { description }),
      schema: bare,
    };
  });
}

const asObject = (value: Json): JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.fromEntries(Object.entries(value)) : {};

function bodyOf({ body, line, bodyLimit }: RouteSpec, schemas: SchemaCollector): JsonObject {
  const note = bodyLimit === undefined ? {} : { description: `At most ${bodyLimit} bytes` };
  if (body !== undefined) {
    const content = { 'application/json': { schema: schemas.schemaOf(body, 'input') } };
    return { requestBody: { required: true, ...note, content } };
  }
  if (line === undefined) return {};
  const description = `One JSON object per line, each a ${String(schemas.schemaOf(line, 'input').$ref)}. At most ${bodyLimit} bytes`;
  return {
    requestBody: { required: true, description, content: { 'application/x-ndjson': { schema: { type: 'string' } } } },
  };
}

function answersOf(route: RouteSpec, links: JsonObject, schemas: SchemaCollector): Record<string, JsonObject> {
  return Object.fromEntries(
    Object.entries(route.answers).map(([status, answer]) => [
      status,
      { ...answerOf(route, answer, schemas), ...(Object.keys(links).length > 0 && { links }) },
    ]),
  );
}

function answerOf({ scope, neverShed }: RouteSpec, answer: AnswerSpec, schemas: SchemaCollector): JsonObject {
  const { description, schema, mediaTypes, headers } = answer;
  const content: Record<string, JsonObject> = {};
  if (schema !== undefined) content['application/json'] = { schema: schemas.schemaOf(schema, 'output') };
  for (const mediaType of mediaTypes ?? [])
    content[mediaType] = { schema: mediaType === 'application/json' ? {} : { type: 'string' } };
  return {
    description,
    headers: describeHeaders({ ...EVERY, ...(scope !== 'none' && neverShed !== true && LIMITED), ...headers }),
    ...(Object.keys(content).length > 0 && { content }),
  };
}

const EVERY = { 'X-Request-Id': 'The request id, as it appears in the logs' };
const LIMITED = { 'RateLimit-Policy': 'The request limit', RateLimit: 'Requests left, and seconds until the reset' };
const LATER = { 'Retry-After': 'Seconds to wait' };

const describeHeaders = (headers: Readonly<Record<string, string>>): JsonObject =>
  Object.fromEntries(
    Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]),
  );

function problemsOf(route: RouteSpec, schemas: SchemaCollector): Record<string, JsonObject> {
  const byStatus = Map.groupBy(errorsOf(route), (code) => ERRORS[code].status);
  return Object.fromEntries(
    [...byStatus]
      .toSorted(([a], [b]) => a - b)
      .filter(([status]) => !(String(status) in route.answers))
      .map(([status, codes]) => [String(status), problemAnswer(codes, schemas)]),
  );
}

function problemAnswer(codes: readonly ErrorCode[], schemas: SchemaCollector): JsonObject {
  const retryable = codes.some((code) => ERRORS[code].retryable);
  return {
    description: codes.map((code) => `\`${code}\`: ${ERRORS[code].text}`).join('\n'),
    headers: describeHeaders({ ...EVERY, ...(retryable && LATER) }),
    content: { [PROBLEM_MEDIA_TYPE]: { schema: schemas.schemaOf(problem, 'output') } },
    'x-codes': [...codes],
  };
}
