import { auditOwnDatabase } from '@phaselock/audit';
import { openApiDocument, ROUTES, type RouteSpec } from '@phaselock/contract';
import { SONNET } from '@phaselock/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { arbitraryOf, type KnownIds } from '../arbitrary-of-schema.ts';
import { field, textField } from '../fields.ts';
import { HOSTILE_VALUES, withHostilePart } from '../hostile-values.ts';
import { openTestApi, type TestApi } from '../open-test-api.ts';

const RUNS = Number(process.env.PHASELOCK_TEST_FUZZ_RUNS ?? 25);
const SEED = Number(process.env.PHASELOCK_TEST_FUZZ_SEED ?? 20_261_121);

const succeeded = new Set<string>();
const document = openApiDocument({ version: '1' });
let api: TestApi;
let known: KnownIds;

beforeAll(async () => {
  api = await openTestApi({ PHASELOCK_DEADLINE_MS: '1000' });
  known = await populate(api);
});
afterAll(() => api[Symbol.asyncDispose]());

/** Creates a task with a running turn. Generated requests use its ids often, so that many of them find a resource. */
async function populate({ world, call }: TestApi): Promise<KnownIds> {
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } };
  const sessionId = textField((await call('POST', '/v1/sessions', { body })).body, 'session.id');
  const turn = await call('POST', `/v1/sessions/${sessionId}/turns`, { body: { generation: 1, attemptId } });
  const idsOf = async (path: string): Promise<string[]> => {
    const items = field((await call('GET', path)).body, 'items');
    return Array.isArray(items) ? items.map((item) => textField(item, 'id')) : [];
  };
  return new Map([
    ['Id of a project', [world.projectId]],
    ['Id of a task', [taskId]],
    ['Id of an attempt', [attemptId]],
    ['Id of a session', [sessionId]],
    ['Id of a process', [textField(turn.body, 'processId')]],
    ['Id of a model', await idsOf('/v1/models')],
    ['Id of a profile', await idsOf('/v1/profiles')],
  ]);
}

/**
 * Streams are excluded: they end only when the client disconnects, and have their own test. Deletes come last, because
 * other requests need the resources.
 */
const routes = Object.values<RouteSpec>(ROUTES)
  .filter(({ id }) => !id.endsWith('Changes'))
  .toSorted((a, b) => Number(a.method === 'delete') - Number(b.method === 'delete'));

type Asked = {
  readonly path: Readonly<Record<string, unknown>>;
  readonly query: Readonly<Record<string, unknown>>;
  readonly body: unknown;
};

function requestsOf(route: RouteSpec): fc.Arbitrary<Asked> {
  const operation = document.paths[route.path]?.[route.method] ?? {};
  const parameters = Array.isArray(operation.parameters) ? operation.parameters : [];
  const inPlace = (place: string): fc.Arbitrary<Record<string, unknown>> => {
    const own = parameters.filter((parameter) => field(parameter, 'in') === place);
    const requiredKeys = own
      .filter((parameter) => field(parameter, 'required') === true)
      .map((one) => textField(one, 'name'));
    const model = own.map((one): [string, fc.Arbitrary<unknown>] => [
      textField(one, 'name'),
      arbitraryOf({ ...Object(field(one, 'schema')), description: Object(one).description }, document, known),
    ]);
    return fc.record(Object.fromEntries(model), { requiredKeys });
  };
  return fc.record({ path: inPlace('path'), query: inPlace('query'), body: bodyOf(route, operation) });
}

function bodyOf({ body, line }: RouteSpec, operation: unknown): fc.Arbitrary<unknown> {
  if (line !== undefined) return arbitraryOf({ $ref: '#/components/schemas/LogLine' }, document, known);
  if (body === undefined) return fc.constant(undefined);
  const json: unknown = Object(field(operation, 'requestBody.content'))['application/json'];
  return arbitraryOf(field(json, 'schema'), document, known);
}

async function send(route: RouteSpec, { path, query, body }: Asked): Promise<void> {
  const address = route.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => pathPart(path[name]));
  const search = new URLSearchParams(
    Object.entries(query).map(([name, value]): [string, string] => [name, wellFormed(value)]),
  );
  const answer = await api.call(route.method.toUpperCase(), `${address}${search.size === 0 ? '' : `?${search}`}`, {
    ...(body !== undefined && { text: JSON.stringify(body) }),
    ...(route.line !== undefined && { type: 'application/x-ndjson' }),
  });
  if (answer.status < 300) succeeded.add(route.id);
  expect(answer.status, answer.text).toBeLessThan(500);
  expect(answer.text).not.toMatch(/ {4}at |node_modules|select |insert /);
}

/** Replaces dot segments, because a client's URL parser would resolve them before sending. */
const pathPart = (value: unknown): string => encodeURIComponent(wellFormed(value)).replace(/^\.{1,2}$/, 'dots');

const wellFormed = (value: unknown): string =>
  (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).slice(0, 2_000).toWellFormed();

describe('any request gets a response that the contract allows', () => {
  test.each(routes.map((route) => [route.id, route] as const))('%s with valid values', async (_id, route) => {
    await fc.assert(
      fc.asyncProperty(requestsOf(route), (asked) => send(route, asked)),
      { numRuns: RUNS, seed: SEED },
    );
  });

  test.each(routes.map((route) => [route.id, route] as const))('%s with one hostile value', async (_id, route) => {
    const hostile = fc.tuple(requestsOf(route), fc.constantFrom(...HOSTILE_VALUES), fc.nat(1_000));
    const property = fc.asyncProperty(hostile, async ([asked, value, where]) => {
      const { path, query, body } = asked;
      const spoilt = withHostilePart(body === undefined ? { path, query } : body, value, where);
      if (body !== undefined) await send(route, { path, query, body: spoilt });
      else await send(route, { path: partOf(spoilt, 'path', path), query: partOf(spoilt, 'query', query), body });
    });
    await fc.assert(property, { numRuns: RUNS, seed: SEED });
  });

  test('most operations succeed with valid values', () => {
    const never = routes.map(({ id }) => id).filter((id) => !succeeded.has(id));
    expect(never.length, never.join(' ')).toBeLessThan(routes.length / 4);
  });

  test('the audit finds nothing afterwards', async () => {
    const { findings } = await auditOwnDatabase(api.databaseUrl);
    expect(findings.filter(({ rule }) => rule !== 'SV302')).toEqual([]);
  });

  test('the service still works afterwards', async () => {
    const taskId = await api.world.task();
    const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } };
    const started = await api.call('POST', '/v1/sessions', { body });
    expect([201, 422]).toContain(started.status);
  });
});

const partOf = (spoilt: unknown, name: 'path' | 'query', otherwise: Asked['path']): Asked['path'] => {
  const part: unknown = typeof spoilt === 'object' && spoilt !== null ? Reflect.get(spoilt, name) : undefined;
  return typeof part === 'object' && part !== null && !Array.isArray(part) ? { ...otherwise, ...part } : otherwise;
};
