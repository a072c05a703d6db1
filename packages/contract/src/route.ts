import type { ErrorCode } from '@phaselock/core';
import type { z } from 'zod';
import type { Scope } from './scopes.ts';

export type Method = 'get' | 'post' | 'put' | 'delete';

/** What an address answers with one status. Without a schema the answer has no body; with other media types than JSON it is a stream. */
export type AnswerSpec = {
  readonly description: string;
  readonly schema?: z.ZodType;
  readonly mediaTypes?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
};

/** What may be wrong with a request, beyond what any request may meet. */
export type RouteSpec = {
  /** The operation's name: in the OpenAPI document, in the client, in logs and in metrics. */
  readonly id: string;
  readonly method: Method;
  /** With `{parameters}`, as in the OpenAPI document. */
  readonly path: string;
  readonly group: string;
  readonly summary: string;
  readonly description?: string;
  /** What a caller must hold; `none` is open to everybody. */
  readonly scope: Scope | 'none';
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** A line of newline-delimited JSON, in place of a body. */
  readonly line?: z.ZodType;
  /** Bytes; more is refused with 413. */
  readonly bodyLimit?: number;
  readonly takesIdempotencyKey?: true;
  readonly takesIfMatch?: true;
  /** An agent at work would lose its lease without it, so it is refused last when the server is overloaded. */
  readonly keepsWorkAlive?: true;
  /** What an operator needs when everything else is too much: never shed, not limited, and served beside the pool. */
  readonly neverShed?: true;
  /** Asked by whoever watches the service, again and again. */
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

/** One of a route's answers, as a handler gives it and a client gets it. */
export type AnswerOf<Route extends RouteSpec> = {
  [Status in keyof Route['answers'] & number]: {
    readonly status: Status;
    readonly headers?: Readonly<Record<string, string>>;
  } & (Route['answers'][Status] extends { readonly schema: infer Schema extends z.ZodType }
    ? { readonly body: z.output<Schema> }
    : { readonly body?: undefined });
}[keyof Route['answers'] & number];
