import { once } from 'node:events';
import express, { type RequestHandler } from 'express';
import helmet from 'helmet';
import { expect, test, vi } from 'vitest';
import { constantHeaders } from './constant-headers.ts';

/** The headers of two responses behind a middleware. */
async function headersBehind(middleware: RequestHandler): Promise<[string, string][][]> {
  const app = express().disable('x-powered-by').use(middleware);
  const server = app.get('/', (_request, response) => void response.end()).listen(0, '127.0.0.1');
  try {
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : expect.fail('no port');
    const two = [await fetch(`http://127.0.0.1:${port}/`), await fetch(`http://127.0.0.1:${port}/`)];
    return two.map(({ headers }) => [...headers].filter(([name]) => name !== 'date'));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test('sets on every response what the middleware sets, and calls it once', async () => {
  const middleware = helmet({ contentSecurityPolicy: { directives: { defaultSrc: ["'none'"] } } });
  const spied = vi.fn(middleware);
  const [first, second] = await headersBehind(constantHeaders(spied));
  expect([first, second]).toEqual(await headersBehind(middleware));
  expect(first).toContainEqual(['x-content-type-options', 'nosniff']);
  expect(spied).toHaveBeenCalledTimes(1);
});

test('throws at once if the middleware fails', () => {
  const failing = () => constantHeaders((_request, _response, next) => next(new Error('a wrong directive')));
  expect(failing).toThrow('a wrong directive');
});
