import type { OperationKind } from '@phaselock/contract';
import { cutText, type Logger, type Telemetry } from '@phaselock/telemetry';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { exemplarOf, type RequestFields, type RequestScope, requestIdOf, traceOf } from './request-scope.ts';

export type Observed = {
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly scope: RequestScope;
  readonly now: () => number;
};

/** Where a route leaves its name for whoever counts and logs when the answer is out. */
type Operation = { name: string; kind: OperationKind };

const MS = 1_000_000;
/** The client left before the answer was out. */
const LEFT = 499;
/** Longer than any path of ours. */
const MAX_PATH = 1_024;

/** Gives a request its id, counts it, and writes its line when it is over, however it ended. */
export const observeRequests =
  ({ logger, telemetry, scope, now }: Observed): RequestHandler =>
  (request: Request, response: Response, next: NextFunction): void => {
    const since = now();
    const id = requestIdOf(request);
    const fields: RequestFields = { 'http.request.id': id, ...traceOf(request) };
    const operation: Operation = { name: 'unknown', kind: 'usual' };
    response.locals.operation = operation;
    response.setHeader('X-Request-Id', id);
    response.once('close', () => {
      const tookMs = now() - since;
      const status = response.writableFinished ? response.statusCode : LEFT;
      telemetry.http.answered(operation.name, status, tookMs / 1_000, exemplarOf(fields));
      const level = operation.kind === 'probe' ? 'debug' : 'info';
      if (!logger.isLevelEnabled(level)) return;
      logger[level](
        {
          ...fields,
          'event.action': operation.name,
          'event.outcome': outcomeOf(status),
          'event.duration': Math.round(tookMs * MS),
          'http.request.method': request.method,
          'url.path': cutText(request.path, MAX_PATH),
          'http.response.status_code': status,
        },
        `${request.method} ${operation.name} ${status}`,
      );
    });
    scope.run(fields, next);
  };

/** A question, or a refusal, is an answer; of a client that left nobody knows what it has seen. */
const outcomeOf = (status: number): 'success' | 'failure' | 'unknown' => {
  if (status === LEFT) return 'unknown';
  return status < 500 ? 'success' : 'failure';
};

export const nameOperation =
  (name: string, kind: OperationKind): RequestHandler =>
  (_request, response, next) => {
    const operation: unknown = response.locals.operation;
    if (typeof operation === 'object' && operation !== null) Object.assign(operation, { name, kind });
    next();
  };
