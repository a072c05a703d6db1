import type { Client, Problem } from '@phaselock/contract';
import http, { type RefinedResponse } from 'k6/http';
import type { DescribedOperations } from './described-operations.ts';
import type { DescribedOperation } from './read-document.ts';
import { Lost, Refused } from './refused.ts';

export type HttpClientOptions = {
  readonly url: string;
  readonly key: string;
  readonly operations: DescribedOperations;
  /** Told what is wrong with an answer that is taken nevertheless. */
  readonly strange: (what: string) => void;
  /** The user for whom sessions are started, where that is to be said. */
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

/** Twice the deadline after which the service answers in any case. */
const PATIENCE = '10s';

/** The client of the contract over k6's connections: the operations of chaos' clients work with either. */
export function createHttpClient(options: HttpClientOptions): Client {
  const { ids, of } = options.operations;
  const client = Object.fromEntries(ids.map((id) => [id, async (asking: Asking) => ask(options, of(id), asking)]));
  if (!isClient(client, ids)) throw new TypeError('an operation is missing');
  return client;
}

/** There is a function for each operation of the document, and the document is made from the routes of the contract. */
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
      // An address has ids in it: a series for each would be made.
      tags: { name: id },
      timeout: PATIENCE,
      responseType: 'text',
    },
  );
  const { status, error_code: failed } = response;
  // Codes from 1400 on are those of statuses; below, the connection failed, at times in the middle of an answer.
  if (status === 0 || (failed > 0 && failed < 1_400)) throw new Lost(`k6 ${failed}`);
  if (status >= 300) throw refusalOf(response, operation);
  const required = answers[status];
  if (required === undefined) return { status, headers: response.headers };
  const body = parsed(response.body);
  if (typeof body !== 'object' || body === null) throw new Lost('no whole JSON');
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
    const malformed = `an answer of ${status} that is no problem document`;
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
