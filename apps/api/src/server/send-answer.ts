import type { ServerResponse } from 'node:http';
import { PROBLEM_MEDIA_TYPE } from '@phaselock/contract';
import type { PhaselockError } from '@phaselock/core';
import type { Answer } from './handle.ts';
import { problemOf, retryAfterSeconds } from './problem-of.ts';

/**
 * Sends the response without express, which would answer a matching If-None-Match with 304. That would be wrong for a
 * session: its ETag is its version, and the lease in its body changes without a new version.
 */
export function sendAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (body === undefined) {
    response.end();
    return;
  }
  writeJson(response, body, 'application/json; charset=utf-8');
}

export function sendProblem(response: ServerResponse, error: PhaselockError, requestId: string): void {
  const retryAfter = retryAfterSeconds(error);
  response.statusCode = error.status;
  if (retryAfter !== undefined) response.setHeader('Retry-After', String(retryAfter));
  if (error.code === 'unauthorized') response.setHeader('WWW-Authenticate', 'Bearer realm="phaselock"');
  writeJson(response, problemOf(error, requestId), PROBLEM_MEDIA_TYPE);
}

function writeJson(response: ServerResponse, body: unknown, mediaType: string): void {
  const text = JSON.stringify(body);
  response.setHeader('Content-Type', mediaType);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.setHeader('Cache-Control', 'no-store');
  // A string is sent in one write with the headers; a buffer would need a second write.
  response.end(response.req.method === 'HEAD' ? undefined : text);
}
