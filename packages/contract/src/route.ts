import type { ErrorCode } from '@phaselock/core';
import type { z } from 'zod';
import type { Group } from './groups.ts';
import type { Scope } from './scopes.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/**
 * The answer of a route for one status. Without a schema it has no body; with `mediaTypes` it is a stream or download.
 */
export type AnswerSpec = {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly mediaTypes?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
};

/** One operation of the API. `errors` lists its own codes; the codes common to all requests are added elsewhere. */
export type RouteSpec = {
  /** The operation's name: in the OpenAPI document, in the client, in logs and in metrics. */
  readonly id: string;
  readonly method: Method;
  /** With `{parameters}`, as in the OpenAPI document. */
  readonly path: string;
  readonly group: Group;
  readonly summary: string;
  readonly description?: string;
  /** The scope that a caller needs; `none` means public. */
  readonly scope: Scope | 'none';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** The schema of one line, for a route that takes newline-delimited JSON instead of a body. */
  readonly line?: z.ZodType;
  /** In bytes; a larger body is refused with 413. */
  readonly bodyLimit?: number;
  readonly takesIdempotencyKey?: true;
  readonly takesIfMatch?: true;
  /** Without this call a running agent can lose its lease, so load shedding refuses it last. */
  readonly keepsWorkAlive?: true;
  /**
   * Operators need it during an overload: it is exempt from load shedding and rate limits, and uses a connection
   * outside the pool.
   */
  readonly neverShed?: true;
  /** Called periodically by monitoring (health check or scrape). */
  readonly isProbe?: true;
  readonly answers: Readonly<Record<number, AnswerSpec>>;
  readonly errors: readonly ErrorCode[];
};

export const route = <const Route extends RouteSpec>(spec: Route): Route => spec;

export const DEFAULT_BODY_LIMIT = 100_000;

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;
type Given<Schema> = Schema extends z.ZodType ? z.input<Schema> : undefined;

export type ParamsOf<Route extends RouteSpec> = Parsed<Route['params']>;
export type QueryOf<Route extends RouteSpec> = Parsed<Route['query']>;
export type BodyOf<Route extends RouteSpec> = Parsed<Route['body']>;

export type ParamsFor<Route extends RouteSpec> = Given<Route['params']>;
export type QueryFor<Route extends RouteSpec> = Given<Route['query']>;
export type BodyFor<Route extends RouteSpec> = Given<Route['body']>;

/** One answer of a route, as returned by a handler and received by a client. */
export type AnswerOf<Route extends RouteSpec> = {
  [Status in keyof Route['answers'] & number]: {
    readonly status: Status;
    readonly headers?: Readonly<Record<string, string>>;
  } & (Route['answers'][Status] extends { readonly schema: infer Schema extends z.ZodType }
    ? { readonly body: z.output<Schema> }
    : { readonly body?: undefined });
}[keyof Route['answers'] & number];
