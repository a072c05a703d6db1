import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnswerOf, BodyOf, ParamsOf, QueryOf, RouteSpec } from '@phaselock/contract';
import type { IdempotencyKey } from '@phaselock/guard';
import type { Caller } from '../access/caller.ts';

export type Answer = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
};

/** The handler has written the answer itself, bit by bit. */
export const STREAMED = 'streamed';
export type Streamed = typeof STREAMED;

/** A request that was let in, and parsed by the schemas of its route. */
export type AnyCall = {
  readonly route: RouteSpec;
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  /** The lines of a newline-delimited body, and how many of them had to be repaired. */
  readonly lines: { readonly items: readonly unknown[]; readonly repaired: number };
  readonly caller: Caller;
  readonly idempotencyKey: IdempotencyKey | undefined;
  readonly ifMatch: number | undefined;
  /** Aborted when the client has gone. */
  readonly whenGone: () => AbortSignal;
  /**
   * Aborted when the caller may not have the answer any more: its key was revoked, changed or deleted, or its token has expired. For
   * answers that take longer than a key is remembered; the handler says how they end.
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

/** What was parsed by a route's schemas is of that route's types: the compiler cannot follow the schemas through the mount, this can. */
const isCallOf = <Route extends RouteSpec>(route: Route, call: AnyCall): call is Call<Route> => call.route === route;

export const handle =
  <Route extends RouteSpec>(
    route: Route,
    handler: (call: Call<NoInfer<Route>>) => Promise<AnswerOf<NoInfer<Route>> | Streamed>,
  ): Handler =>
  async (call) => {
    if (!isCallOf(route, call)) throw new TypeError(`a call of ${call.route.id} came to the handler of ${route.id}`);
    return await handler(call);
  };
