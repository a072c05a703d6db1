import type { AnswerOf, BodyFor, ParamsFor, QueryFor, RouteSpec } from '../route.ts';
import { ROUTES, type Routes } from '../routes.ts';
import { ApiProblem, problemIn } from './api-problem.ts';

export type ClientOptions = {
  readonly baseUrl: string;
  readonly key?: string;
  readonly fetch?: typeof fetch;
};

type Given<Name extends string, Value> = Value extends undefined
  ? { readonly [Key in Name]?: undefined }
  : { readonly [Key in Name]: Value };

type Query<Value> = Value extends undefined
  ? { readonly query?: undefined }
  : Record<never, never> extends Value
    ? { readonly query?: Value }
    : { readonly query: Value };

/** The arguments of a call: the parameters, query and body of the route, and the optional headers and signal. */
type Asking<Route extends RouteSpec> = Given<'params', ParamsFor<Route>> &
  Query<QueryFor<Route>> &
  Given<'body', BodyFor<Route>> &
  (Route extends { readonly line: object } ? { readonly lines: readonly object[] } : { readonly lines?: undefined }) & {
    readonly idempotencyKey?: string;
    readonly ifMatch?: string;
    readonly lastEventId?: string;
    readonly signal?: AbortSignal;
  };

/** The operations that stream: their functions return the response itself. */
type Streams = 'exportSession' | 'taskChanges' | 'projectChanges' | 'metrics';

export type Client = {
  readonly [Id in keyof Routes]: (
    asking: Asking<Routes[Id]>,
  ) => Promise<Id extends Streams ? Response : AnswerOf<Routes[Id]>>;
};

type Part = Readonly<Record<string, unknown>>;
type AnyAsking = {
  readonly params?: Part | undefined;
  readonly query?: Part | undefined;
  readonly body?: unknown;
  readonly lines?: readonly object[] | undefined;
  readonly idempotencyKey?: string;
  readonly ifMatch?: string;
  readonly lastEventId?: string;
  readonly signal?: AbortSignal;
};

/**
 * Creates one typed function per operation. A problem is thrown as an `ApiProblem`; every other response is returned.
 */
export function createClient(options: ClientOptions): Client {
  const operations = Object.fromEntries(
    Object.entries<RouteSpec>(ROUTES).map(([id, route]) => [id, (asking: AnyAsking) => ask(options, route, asking)]),
  );
  if (!isClient(operations)) throw new TypeError('an operation is missing');
  return operations;
}

/** Type guard: checks that each route has a function. */
const isClient = (operations: object): operations is Client => Object.keys(ROUTES).every((id) => id in operations);

async function ask(options: ClientOptions, route: RouteSpec, asking: AnyAsking): Promise<unknown> {
  const send = options.fetch ?? fetch;
  const response = await send(addressOf(options.baseUrl, route, asking), {
    method: route.method.toUpperCase(),
    headers: headersOf(options, route, asking),
    ...(asking.signal && { signal: asking.signal }),
    ...bodyOf(route, asking),
  });
  const { status } = response;
  // A declared status, such as 503 of the readiness check, is an answer of the route and not a problem.
  if (!response.ok && route.answers[status] === undefined)
    throw new ApiProblem(await problemIn(response), retryAfterOf(response));
  if (route.answers[status]?.schema === undefined && status !== NO_CONTENT) return response;
  const headers = Object.fromEntries(response.headers);
  const body: unknown = status === NO_CONTENT ? undefined : await response.json();
  return { status, headers, body };
}

const NO_CONTENT = 204;

function addressOf(baseUrl: string, { path }: RouteSpec, { params = {}, query = {} }: AnyAsking): string {
  const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = new URLSearchParams(
    Object.entries(query).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, String(value)]],
    ),
  );
  return `${baseUrl.replace(/\/$/, '')}${address}${search.size === 0 ? '' : `?${search}`}`;
}

function headersOf({ key }: ClientOptions, route: RouteSpec, asking: AnyAsking): Record<string, string> {
  const { idempotencyKey, ifMatch, lastEventId } = asking;
  return {
    Accept: 'application/json, application/problem+json;q=0.9, */*;q=0.1',
    ...(key !== undefined && { Authorization: `Bearer ${key}` }),
    ...(route.body !== undefined && { 'Content-Type': 'application/json' }),
    ...(route.line !== undefined && { 'Content-Type': 'application/x-ndjson' }),
    ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
    ...(ifMatch !== undefined && { 'If-Match': ifMatch }),
    ...(lastEventId !== undefined && { 'Last-Event-ID': lastEventId }),
  };
}

function bodyOf({ body, line }: RouteSpec, asking: AnyAsking): { body?: string } {
  if (body !== undefined) return { body: JSON.stringify(asking.body) };
  if (line === undefined) return {};
  return { body: (asking.lines ?? []).map((one) => JSON.stringify(one)).join('\n') };
}

function retryAfterOf({ headers }: Response): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}
