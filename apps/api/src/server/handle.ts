import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf, RouteSpec } from '@phaselock/contract';
import type { IdempotencyKey } from '@phaselock/guard';
import type { Caller } from '../access/caller.ts';

export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** Returned by a handler that has streamed the response itself. */
export const STREAMED = 'streamed';
export type Streamed = typeof STREAMED;

/** An admitted request, parsed by the schemas of its route. */
export type AnyCall = {
  readonly route: RouteSpec;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** The lines of a newline-delimited body, and how many of them contained invalid text that was replaced. */
  readonly lines: { readonly items: readonly unknown[]; readonly repaired: number };
  readonly caller: Caller;
  readonly idempotencyKey: IdempotencyKey | undefined;
  readonly ifMatch: number | undefined;
  /** Aborted when the client disconnects. */
  readonly whenGone: () => AbortSignal;
  /**
   * Aborted when the caller loses access: its key was revoked, changed or deleted, or its token expired. For responses
   * that take longer than a key is cached; the handler decides how to end them.
   */
  readonly whenDenied: () => AbortSignal;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};

export type Call<Route extends RouteSpec> = AnyCall & {
  readonly params: ParamsOf<Route>;
  readonly query: QueryOf<Route>;
  readonly body: BodyOf<Route>;
};

export type Handler = (call: AnyCall) => Promise<Answer | Streamed>;

/**
 * Narrows a call to its route's types: the compiler cannot relate the parsed values to the schemas, but the route
 * identifies them.
 */
const isCallOf = <Route extends RouteSpec>(route: Route, call: AnyCall): call is Call<Route> => call.route === route;

export const handle =
  <Route extends RouteSpec>(
    route: Route,
    handler: (call: Call<NoInfer<Route>>) => Promise<AnswerOf<NoInfer<Route>> | Streamed>,
  ): Handler =>
  async (call) => {
    if (!isCallOf(route, call)) throw new TypeError(`a call of ${call.route.id} reached the handler of ${route.id}`);
    return await handler(call);
  };
