import { operationKindOf, type RouteSpec } from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
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
import type { RequestScope } from './request-scope.ts';
import { sendAnswer } from './send-answer.ts';

export type Intake = {
  readonly authenticate: (request: Request) => Promise<Admission>;
  /** The same beside the pool, which may be full. */
  readonly authenticateUrgent: (request: Request) => Promise<Admission>;
  /** The same for who reads the numbers, also while the database is away. */
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
 * The way of every request: may it come in, who is it, how much has it asked, what does it say, is it theirs, and only then what it is for.
 * The cheap questions come first. One deadline holds for all of it, until the answer begins. The scope may be another one than the route's, where
 * the same operation is open to some.
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
  /** The route with the scope that is demanded here. */
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

/** All that makes a request the same one again. */
const askedWith = ({ params, query }: Pick<AnyCall, 'params' | 'query'>, given: unknown): unknown[] =>
  query === undefined ? [params, given] : [params, given, query];

/** What is asked of everybody, whatever they want. */
export async function letIn(
  intake: Intake,
  route: RouteSpec,
  request: Request,
  response: Response,
  time: RequestTime,
): Promise<Admission> {
  if (route.scope === 'none') return admitForGood(NOBODY);
  if (route.neverShed === true) return await time.bounded(() => admitUrgent(intake, route, request));
  // What tells of an overload or an outage is wanted most while there is one; its reader is known beside the pool, and without the database.
  if (route.isProbe === true) {
    const beside = { ...intake, authenticate: intake.authenticateScraper };
    return await time.bounded(() => admit(beside, route, request, response));
  }
  refuseShed(intake, intake.shedder.check(priorityOf(route)));
  return await time.bounded(() => admit(intake, route, request, response));
}

/** A subject is named by the issuer of its token, at whatever length. */
const MAX_USER_ID = 256;

const priorityOf = ({ keepsWorkAlive }: RouteSpec) => (keepsWorkAlive === true ? 'high' : 'normal');

/** Before anything is waited for: what cannot be served in time is better refused at once. */
function refuseShed({ telemetry }: Intake, reason: ReturnType<LoadShedder['check']>): void {
  if (reason === undefined) return;
  telemetry.http.shed(reason);
  throw new PhaselockError('overloaded', { retryAfterMs: 1_000 });
}

/** An operator is not kept out by what the operator is to mend. */
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
      throw new PhaselockError('rate_limited', { retryAfterMs: decision.resetSeconds * 1_000 });
    }
  }
  demandScope(caller, route);
  demandShare(intake, route, caller, response);
  return admission;
}

/** What one caller may have at the same time, so that others are served as well. */
function demandShare(intake: Intake, route: RouteSpec, { id }: Caller, response: Response): void {
  // A heartbeat is answered in a few bytes, and a program that reads slowly must not end the work of another one with its key.
  if (route.keepsWorkAlive !== true) intake.unread.demandRead(id);
  refuseShed(intake, intake.shedder.checkCaller(priorityOf(route), intake.inFlight.of(id)));
  // A stream waits for its client, not for the database, and has a bound of its own.
  if (operationKindOf(route) === 'usual') intake.inFlight.add(id, response);
}

/** A body may take longer to arrive than a revocation to take effect: the credential must be good when the request is whole. */
async function admitAgain({ again }: Admission, route: RouteSpec): Promise<Caller> {
  const caller = await again();
  demandScope(caller, route);
  return caller;
}

/** Made for those who ask: most answers are there before anybody can leave. */
function goneSignal(response: Response): AbortSignal {
  const gone = new AbortController();
  if (response.destroyed) gone.abort();
  response.once('close', () => {
    if (!response.writableFinished) gone.abort();
  });
  return gone.signal;
}

/** The ids people search the logs for. */
function note({ scope }: Intake, { params, query, body }: Pick<AnyCall, 'params' | 'query' | 'body'>): void {
  const fields = scope.fields();
  if (fields === undefined) return;
  for (const part of [params, query, body]) {
    if (typeof part !== 'object' || part === null) continue;
    if ('taskId' in part && typeof part.taskId === 'string') fields['phaselock.task_id'] = part.taskId;
    if ('sessionId' in part && typeof part.sessionId === 'string') fields['phaselock.session_id'] = part.sessionId;
  }
}
