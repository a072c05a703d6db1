import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { PROBLEM_MEDIA_TYPE } from '@phaselock/contract';
import { type ErrorCode, PhaselockError } from '@phaselock/core';
import { problemOf } from '../server/problem-of.ts';

const CODES: Readonly<Record<string, ErrorCode>> = {
  HPE_HEADER_OVERFLOW: 'headers_too_large',
  ERR_HTTP_REQUEST_TIMEOUT: 'request_timeout',
};

const codeIn = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/**
 * Answers input that is not a valid HTTP request. Node creates no response object for it, so the answer is written to
 * the socket.
 */
export function answerClientError(error: Error, socket: Duplex): void {
  const cause = codeIn(error);
  if (cause === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOf(new PhaselockError(CODES[cause] ?? 'invalid_request'), randomUUID());
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`,
    `Content-Type: ${PROBLEM_MEDIA_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${problem.requestId}`,
    'Connection: close',
  ].join('\r\n');
  socket.end(`${head}\r\n\r\n${body}`);
}
