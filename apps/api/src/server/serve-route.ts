import { operationKindOf, type RouteSpec } from '@phaselock/contract';
import type { Guard, RequestTime } from '@phaselock/guard';
import { cutText, type Telemetry } from '@phaselock/telemetry';
import type { Request, Response } from 'express';
import { type Admission, admitForGood } from '../access/admission.ts';
import { type Caller, NOBODY } from '../access/caller.ts';
import { deniedSignal } from '../access/when-denied.ts';
import type { InFlight } from '../intake/in-flight.ts';
import { type RateLimiter, rateLimitHeaders } from '../intake/rate-limit.ts';
import type { LoadShedder } from '../intake/shed-load.ts';
import type { UnreadAnswers } from '../intake/unread-answers.ts';
import { demandOwnership, demandScope } from './authorise.ts';
import { type AnyCall, type Handler, STREAMED } from './handle.ts';
import { parseCall } from './parse-call.ts';
import { readIdempotencyKey, readIfMatch } from './read-headers.ts';
import { Refusal } from './refusal.ts';
import type { RequestScope } from './request-scope.ts';
import { sendAnswer } from './send-answer.ts';

export type Intake = {
  readonly authenticate: (request: Request) => Promise<Admission>;
  /** The same without the connection pool, which may be exhausted. */
  readonly authenticateUrgent: (request: Request) => Promise<Admission>;
  /** The same for callers that read metrics; it also works while the database is down. */
  readonly authenticateScraper: (request: Request) => Promise<Admission>;
  readonly guard: Pick<Guard, 'ownersOf' | 'inOneTime'>;
  readonly shedder: LoadShedder;
  readonly inFlight: InFlight;
  readonly unread: UnreadAnswers;
  readonly limiter: RateLimiter | undefined;
  readonly rateWindowMs: number;
  readonly telemetry: Telemetry;
  readonly scope: RequestScope;
};

/**
 * Processes a request: load shedding, authentication, rate limit, scope, parsing, ownership, and then the handler.
 * Cheap checks come first. One deadline applies until the response begins. `scope` may replace the route's scope, where
 * the operation is open to some callers.
 */
export const serveRoute =
  (intake: Intake, route: RouteSpec, handler: Handler, scope = route.scope) =>
  (request: Request, response: Response): Promise<void> =>
    intake.guard.inOneTime(
      () => response.headersSent,
      (time) => serve({ intake, route, asked: { ...route, scope }, handler, time }, request, response),
    );

type Serving = {
  readonly intake: Intake;
  readonly route: RouteSpec;
  /** The route with the scope required here. */
  readonly asked: RouteSpec;
  readonly handler: Handler;
  readonly time: RequestTime;
};

async function serve(
  { intake, route, asked, handler, time }: Serving,
  request: Request,
  response: Response,
): Promise<void> {
  const admission = await letIn(intake, asked, request, response, time);
  const wholeAtOnce = request.complete;
  const { given, ...parsed } = await time.notCounting(() => parseCall(route, request, request));
  const caller = wholeAtOnce ? admission.caller : await time.bounded(() => admitAgain(admission, asked));
  note(intake, parsed);
  const { projectId } = caller;
  if (projectId !== null)
    await time.bounded(() => demandOwnership(intake.guard, projectId, [parsed.params, parsed.query, parsed.body]));
  const call: AnyCall = {
    ...parsed,
    route,
    caller,
    whenGone: () => goneSignal(response),
    whenDenied: () => deniedSignal({ watch: admission.watch, caller, route: asked, response }),
    request,
    response,
    idempotencyKey: readIdempotencyKey(route, request, { callerId: caller.id, asked: askedWith(parsed, given) }),
    ifMatch: readIfMatch(route, request),
  };
  const answer = await handler(call);
  if (answer === STREAMED) return;
  sendAnswer(response, answer);
  intake.unread.written(caller.id, response);
}

/** The content by which a repeated request is recognised. */
const askedWith = ({ params, query }: Pick<AnyCall, 'params' | 'query'>, given: unknown): unknown[] =>
  query === undefined ? [params, given] : [params, given, query];

/** Admits a request: load shedding, authentication, rate limit and scope. */
export async function letIn(
  intake: Intake,
  route: RouteSpec,
  request: Request,
  response: Response,
  time: RequestTime,
): Promise<Admission> {
  if (route.scope === 'none') return admitForGood(NOBODY);
  if (route.neverShed === true) return await time.bounded(() => admitUrgent(intake, route, request));
  // Metrics are needed most during an overload or outage, so reading them is never shed, and authentication needs no
  // connection of the pool and no database.
  if (route.isProbe === true) {
    const beside = { ...intake, authenticate: intake.authenticateScraper };
    return await time.bounded(() => admit(beside, route, request, response));
  }
  refuseShed(intake, intake.shedder.check(priorityOf(route)));
  return await time.bounded(() => admit(intake, route, request, response));
}

/** Limits the logged user id, because a token's subject may have any length. */
const MAX_USER_ID = 256;

const priorityOf = ({ keepsWorkAlive }: RouteSpec) => (keepsWorkAlive === true ? 'high' : 'normal');

/** Refuses before anything is awaited: a request that cannot be served in time is better refused at once. */
function refuseShed({ telemetry }: Intake, reason: ReturnType<LoadShedder['check']>): void {
  if (reason === undefined) return;
  telemetry.http.shed(reason);
  throw new Refusal('overloaded', {}, { retryAfterMs: 1_000 });
}

/** Authenticates without load shedding and rate limit, so that an operator can act during an overload. */
async function admitUrgent(intake: Intake, route: RouteSpec, request: Request): Promise<Admission> {
  const admission = await intake.authenticateUrgent(request);
  noteCaller(intake, admission.caller);
  demandScope(admission.caller, route);
  return admission;
}

function noteCaller({ scope }: Intake, { id }: Caller): void {
  const fields = scope.fields();
  if (fields !== undefined) fields['user.id'] = cutText(id, MAX_USER_ID);
}

async function admit(intake: Intake, route: RouteSpec, request: Request, response: Response): Promise<Admission> {
  const { authenticate, limiter, rateWindowMs, telemetry } = intake;
  const admission = await authenticate(request);
  const { caller } = admission;
  noteCaller(intake, caller);
  if (limiter !== undefined) {
    const decision = limiter.take(caller.id);
    for (const [name, value] of Object.entries(rateLimitHeaders(decision, rateWindowMs)))
      response.setHeader(name, value);
    if (!decision.allowed) {
      telemetry.http.limited();
      throw new Refusal('rate_limited', {}, { retryAfterMs: decision.resetSeconds * 1_000 });
    }
  }
  demandScope(caller, route);
  demandShare(intake, route, caller, response);
  return admission;
}

/** Limits the concurrent requests and unread responses of one caller, so that others are served as well. */
function demandShare(intake: Intake, route: RouteSpec, { id }: Caller, response: Response): void {
  // A heartbeat has a small response and keeps work alive, so unread responses of another program with the same key
  // must not block it.
  if (route.keepsWorkAlive !== true) intake.unread.demandRead(id);
  refuseShed(intake, intake.shedder.checkCaller(priorityOf(route), intake.inFlight.of(id)));
  // Streams are not counted: they wait for the client and not for the database, and have their own limit.
  if (operationKindOf(route) === 'usual') intake.inFlight.add(id, response);
}

/** Authenticates again after a slow body, because the credential may have been revoked while the body arrived. */
async function admitAgain({ again }: Admission, route: RouteSpec): Promise<Caller> {
  const caller = await again();
  demandScope(caller, route);
  return caller;
}

/** Created on demand, because most responses are complete before a client can disconnect. */
function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** Adds the task and session ids to the log fields. */
function note({ scope }: Intake, { params, query, body }: Pick<AnyCall, 'params' | 'query' | 'body'>): void {
  const fields = scope.fields();
  if (fields === undefined) return;
  for (const part of [params, query, body]) {
    if (typeof part !== 'object' || part === null) continue;
    if ('taskId' in part && typeof part.taskId === 'string') fields['phaselock.task_id'] = part.taskId;
    if ('sessionId' in part && typeof part.sessionId === 'string') fields['phaselock.session_id'] = part.sessionId;
  }
}
