import { type ErrorCode, PhaselockError } from '@phaselock/core';
import { toPhaselockError } from '@phaselock/guard';
import type { Logger } from '@phaselock/telemetry';
import type { NextFunction, Request, Response } from 'express';
import type { RequestScope } from './request-scope.ts';
import type { LineSampler } from './sample-lines.ts';
import { sendProblem } from './send-answer.ts';

/** Errors that express raises itself, such as for a malformed URL, carry an HTTP status. */
function codeOf(error: unknown): ErrorCode {
  const status: unknown = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? 'invalid_request' : 'unexpected';
}

/** Errors that many requests meet while a dependency or this process has a problem. Their log lines are sampled. */
const SAMPLED: Partial<Readonly<Record<ErrorCode, string>>> = {
  backend_unavailable: 'a request failed because the database, or another service it needs, did not answer in time',
  overloaded: 'requests are refused because this process is overloaded',
};

type FailureParts = { readonly logger: Logger; readonly scope: RequestScope; readonly sample: LineSampler };

/** Express error handler: sends a problem response, and logs an unexpected error with its stack. */
export const answerFailure =
  ({ logger, scope, sample }: FailureParts) =>
  (error: unknown, request: Request, response: Response, _next: NextFunction): void => {
    const failure = toPhaselockError(error, codeOf(error));
    if (failure.code === 'unexpected' && !(error instanceof PhaselockError))
      logger.error({ err: error, 'event.action': 'request-failed' }, 'request failed');
    if (failure.code === 'archive_damaged' || failure.code === 'archive_unavailable')
      logger.error({ err: failure.cause, 'event.action': 'archive-unreadable' }, 'the archive could not be read');
    const told = SAMPLED[failure.code];
    const written = told === undefined ? undefined : sample(failure.code);
    if (told !== undefined && written !== undefined) {
      const fields = { 'event.action': 'requests-failed', 'phaselock.lines_left_out': written.leftOut };
      logger.warn({ err: failure.cause ?? failure, ...fields }, told);
    }
    if (response.headersSent) {
      // The headers are already sent, so the connection is broken to show the client that the response is incomplete.
      response.destroy();
      return;
    }
    // The rest of an oversized body is not read, so the connection is closed after the response.
    if (failure.code === 'payload_too_large' && !request.complete) response.setHeader('Connection', 'close');
    sendProblem(response, failure, scope.fields()?.['http.request.id'] ?? '');
  };
