import type { Client, Problem } from '@phaselock/contract';
import http, { type RefinedResponse } from 'k6/http';
import type { DescribedOperations } from './described-operations.ts';
import type { DescribedOperation } from './read-document.ts';
import { Lost, Refused } from './refused.ts';

export type HttpClientOptions = {
  readonly url: string;
  readonly key: string;
  /** The operations of the OpenAPI document; the client gets a function for each. */
  readonly operations: DescribedOperations;
  /** Called with a description if a successful response violates the contract. */
  readonly strange: (what: string) => void;
  /** Returns the user on whose behalf a session is started; undefined if requests to start a session name no user. */
  readonly onBehalfOf: (() => string) | undefined;
};

type Part = Readonly<Record<string, unknown>>;
type Asking = {
  readonly params?: Part;
  readonly query?: Part;
  readonly body?: object;
  readonly lines?: readonly object[];
  readonly idempotencyKey?: string;
};

/** Request time-out: twice the deadline of the service. */
const PATIENCE = '10s';

/**
 * Implements the contract's client with k6's HTTP module, so that k6 can send the requests of the fault campaign
 * (chaos/). On failure its functions throw `Refused` or `Lost`.
 */
export function createHttpClient(options: HttpClientOptions): Client {
  const { ids, of } = options.operations;
  const client = Object.fromEntries(ids.map((id) => [id, async (asking: Asking) => ask(options, of(id), asking)]));
  if (!isClient(client, ids)) throw new TypeError('an operation is missing');
  return client;
}

/** The client has a function for each operation of the document, which is generated from the contract's routes. */
const isClient = (client: object, ids: readonly string[]): client is Client =>
  ids.length > 0 && ids.every((id) => id in client);

function ask(options: HttpClientOptions, operation: DescribedOperation, asking: Asking) {
  const { id, method, path, answers } = operation;
  const response = http.request(
    method,
    `${options.url}${addressOf(path, asking)}`,
    bodyOf(options, operation, asking),
    {
      headers: headersOf(options, operation, asking),
      // URLs contain ids, and would create one time series each.
      tags: { name: id },
      timeout: PATIENCE,
      responseType: 'text',
    },
  );
  const { status, error_code: failed } = response;
  // Error codes from 1400 are HTTP statuses. Lower ones are connection failures, possibly in the middle of a response.
  if (status === 0 || (failed > 0 && failed < 1_400)) throw new Lost(`k6 ${failed}`);
  if (status >= 300) throw refusalOf(response, operation);
  const required = answers[status];
  if (required === undefined) return { status, headers: response.headers };
  const body = parsed(response.body);
  if (typeof body !== 'object' || body === null) throw new Lost('incomplete JSON');
  const missing = required.filter((field) => !(field in body));
  if (missing.length > 0) options.strange(`${id}: ${status} without ${missing.join(', ')}`);
  return { status, headers: response.headers, body };
}

function addressOf(path: string, { params = {}, query = {} }: Asking): string {
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(params[name])));
  const search = Object.entries(query).map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`);
  return search.length === 0 ? address : `${address}?${search.join('&')}`;
}

function bodyOf({ onBehalfOf }: HttpClientOptions, { id, sends }: DescribedOperation, { body, lines }: Asking) {
  if (sends === 'nothing') return null;
  if (sends === 'ndjson') return (lines ?? []).map((line) => JSON.stringify(line)).join('\n');
  return JSON.stringify(id === 'startSession' && onBehalfOf ? { ...body, onBehalfOf: onBehalfOf() } : body);
}

function headersOf({ key }: HttpClientOptions, { sends }: DescribedOperation, { idempotencyKey }: Asking) {
  return {
    Accept: 'application/json, application/problem+json;q=0.9, */*;q=0.1',
    Authorization: `Bearer ${key}`,
    ...(sends !== 'nothing' && { 'Content-Type': sends === 'json' ? 'application/json' : 'application/x-ndjson' }),
    ...(idempotencyKey !== undefined && { 'Idempotency-Key': idempotencyKey }),
  };
}

type Answer = RefinedResponse<'text'>;

function refusalOf({ status, body, headers }: Answer, { id, codes }: DescribedOperation): Refused {
  const told = parsed(body);
  const seconds = Number(headers['Retry-After'] ?? Number.NaN);
  const retryAfterMs = Number.isFinite(seconds) ? seconds * 1_000 : undefined;
  if (!isProblem(told)) {
    const malformed = `a response with status ${status} that is not a problem document`;
    return new Refused({ status, code: 'unexpected', problem: undefined, retryAfterMs, malformed });
  }
  const { code } = told;
  const malformed = codes.includes(code) ? undefined : `${status} ${code} is not in the document for ${id}`;
  return new Refused({ status, code, problem: told, retryAfterMs, malformed });
}

const isProblem = (value: unknown): value is Problem =>
  typeof value === 'object' && value !== null && 'code' in value && 'title' in value && 'retryable' in value;

function parsed(text: string | null): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
}
