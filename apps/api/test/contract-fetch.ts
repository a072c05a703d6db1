import { errorsOf, ROUTES, type RouteSpec } from '@phaselock/contract';
import { ERRORS } from '@phaselock/core';
import { expect } from 'vitest';

export type Answered = {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or else the text. */
  readonly body: unknown;
  readonly text: string;
};

/** Reads a response and checks it against the contract: an undeclared status, field or error code fails the test. */
export async function checkedAnswer(method: string, path: string, response: Response): Promise<Answered> {
  const text = await response.text();
  const json =
    /json/.test(response.headers.get('content-type') ?? '') &&
    !/x-ndjson/.test(response.headers.get('content-type') ?? '');
  const body: unknown = json && text !== '' ? JSON.parse(text) : text;
  const route = routeOf(method, path);
  if (route !== undefined) checkAgainst(route, response, body, json);
  return { status: response.status, headers: response.headers, body, text };
}

/** Headers that the contract declares per operation; others are common to all responses. */
const OWN_HEADERS = ['Location', 'ETag'];

function checkAgainst(route: RouteSpec, { status, headers }: Response, body: unknown, json: boolean): void {
  const answer = route.answers[status];
  if (answer !== undefined) {
    const sent = OWN_HEADERS.filter((name) => headers.has(name));
    const declared = OWN_HEADERS.filter((name) => answer.headers !== undefined && name in answer.headers);
    expect(sent, `headers of ${route.id} ${status}`).toEqual(declared);
  }
  if (answer?.schema !== undefined && json) {
    const parsed = answer.schema.safeParse(body);
    expect(parsed.error?.issues ?? [], `${route.id} ${status}: ${JSON.stringify(body)}`).toEqual([]);
    return;
  }
  if (answer !== undefined) return;
  const code = typeof body === 'object' && body !== null && 'code' in body ? body.code : undefined;
  const allowed = errorsOf(route).filter((known) => ERRORS[known].status === status);
  expect(allowed, `${route.id} returned ${status}`).toContain(code);
}

function routeOf(method: string, path: string): RouteSpec | undefined {
  const [address = ''] = path.split('?');
  return Object.values<RouteSpec>(ROUTES).find(
    (route) =>
      route.method === method.toLowerCase() &&
      new RegExp(`^${route.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(address),
  );
}
