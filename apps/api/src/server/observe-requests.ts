import type { OperationKind } from '@phaselock/contract';
import { cutText, type Logger, type SpanExport, type Telemetry } from '@phaselock/telemetry';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { keepSpans } from './keep-spans.ts';
import { exemplarOf, type RequestFields, type RequestScope, requestIdOf } from './request-scope.ts';
import { type Trace, traceOf, traceresponse } from './trace-context.ts';

export type Observed = {
  readonly logger: Logger;
  readonly telemetry: Telemetry;
  readonly scope: RequestScope;
  readonly now: () => number;
  /** Set when a trace collector is configured. */
  readonly spans: SpanExport | undefined;
};

/** The name and kind of the operation, which its route sets for metrics and logs. */
type Operation = { name: string; kind: OperationKind; route?: string };

const MS = 1_000_000;
/** Logged status when the client disconnected before the response was complete. */
const LEFT = 499;
/** Limit for logged paths; longer than any path of this API. */
const MAX_PATH = 1_024;

/** Assigns the request id, then counts, logs and traces the request when it ends. */
export function observeRequests({ logger, telemetry, scope, now, spans }: Observed): RequestHandler {
  const keeps = keepSpans({ spans, now });
  return (request: Request, response: Response, next: NextFunction): void => {
    const since = now();
    const id = requestIdOf(request);
    const trace = traceOf(request, spans);
    const fields: RequestFields = { 'http.request.id': id, ...inLog(trace) };
    const operation: Operation = { name: 'unknown', kind: 'usual' };
    response.locals.operation = operation;
    response.setHeader('X-Request-Id', id);
    if (trace !== undefined) response.setHeader('traceresponse', traceresponse(trace));
    response.once('close', () => {
      const tookMs = now() - since;
      const status = response.writableFinished ? response.statusCode : LEFT;
      telemetry.http.answered(operation.name, status, tookMs / 1_000, exemplarOf(fields));
      const { method } = request;
      const path = cutText(request.path, MAX_PATH);
      // `user.id` is only set once the credential was accepted.
      if (trace !== undefined && operation.kind !== 'probe' && keeps(trace, fields['user.id'])) {
        const { name, route } = operation;
        spans?.ended({ ...trace, method, route, operation: name, path, status, endedAtMs: Date.now(), tookMs, fields });
      }
      const level = operation.kind === 'probe' ? 'debug' : 'info';
      if (!logger.isLevelEnabled(level)) return;
      logger[level](
        {
          ...fields,
          'event.action': operation.name,
          'event.outcome': outcomeOf(status),
          'event.duration': Math.round(tookMs * MS),
          'http.request.method': method,
          'url.path': path,
          'http.response.status_code': status,
        },
        `${method} ${operation.name} ${status}`,
      );
    });
    scope.run(fields, next);
  };
}

const inLog = (trace: Trace | undefined) =>
  trace === undefined ? {} : { 'trace.id': trace.traceId, 'transaction.id': trace.spanId };

/** A 4xx response is a successful outcome for the service. If the client disconnected, the outcome is unknown. */
const outcomeOf = (status: number): 'success' | 'failure' | 'unknown' => {
  if (status === LEFT) return 'unknown';
  return status < 500 ? 'success' : 'failure';
};

export const nameOperation =
  (name: string, kind: OperationKind, route: string): RequestHandler =>
  (_request, response, next) => {
    const operation: unknown = response.locals.operation;
    if (typeof operation === 'object' && operation !== null) Object.assign(operation, { name, kind, route });
    next();
  };
