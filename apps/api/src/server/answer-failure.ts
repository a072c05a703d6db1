import { type ErrorCode, PhaselockError } from '@phaselock/core';
import { toPhaselockError } from '@phaselock/guard';
import type { Logger } from '@phaselock/telemetry';
import type { NextFunction, Request, Response } from 'express';
import type { RequestScope } from './request-scope.ts';
import type { LineSampler } from './sample-lines.ts';
import { sendProblem } from './send-answer.ts';

/** What express itself refuses, such as a path that is no URL, comes with a status of its own. */
function codeOf(error: unknown): ErrorCode {
  const status: unknown = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? 'invalid_request' : 'unexpected';
}

/** What one request after the other meets while something outside this process is wrong. */
const SAMPLED: Partial<Readonly<Record<ErrorCode, string>>> = {
  backend_unavailable: 'a request failed because the database, or another service it needs, did not answer in time',
  overloaded: 'requests are refused because this process has too much to do',
};

type FailureParts = { readonly logger: Logger; readonly scope: RequestScope; readonly sample: LineSampler };

/** The last stop of every failure: a problem for the caller, and for what nobody foresaw a line with its stack for us. */
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
      // Half an answer cannot be taken back; a broken connection tells the client that it is not whole.
      response.destroy();
      return;
    }
    // The rest of what is too large is not worth reading, so the connection ends with the answer.
    if (failure.code === 'payload_too_large' && !request.complete) response.setHeader('Connection', 'close');
    sendProblem(response, failure, scope.fields()?.['http.request.id'] ?? '');
  };
