import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { RequestHandler } from 'express';

type SetsHeaders = (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Runs a middleware once, and sets the same headers on every response. For a middleware whose headers depend on nothing
 * in the request, such as the security headers of helmet, which it would otherwise build for each request.
 */
export function constantHeaders(middleware: SetsHeaders): RequestHandler {
  const headers: (readonly [string, Parameters<ServerResponse['setHeader']>[1]])[] = [];
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  // Recorded here, because the names of the headers that a response has are in lower case.
  response.setHeader = (name, value) => {
    headers.push([name, value]);
    return response;
  };
  middleware(response.req, response, (error) => {
    if (error !== undefined) throw error;
  });
  return (_request, answer, next) => {
    for (const [name, value] of headers) answer.setHeader(name, value);
    next();
  };
}
