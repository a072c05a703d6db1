import { errorPageHtml, errorPageIndex, isErrorCode, openApiDocument, referencePage } from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
import express, { type Request, type RequestHandler, type Response, type Router } from 'express';

const VERSION = '1';

/**
 * Serves the static pages, generated once at start: the OpenAPI document, its readable form, and a page for each error
 * code.
 */
export function servePages(): Router {
  const document = openApiDocument({ version: VERSION });
  const json = JSON.stringify(document);
  const reference = referencePage(document);
  const pages = express.Router({ caseSensitive: true, strict: true });
  pages.get('/', (_request, response) => response.redirect(302, '/docs'));
  pages.get(
    '/openapi.json',
    text('application/json', () => json),
  );
  pages.get(
    '/docs',
    text('text/html', () => reference),
  );
  pages.get('/errors', text('text/html', errorPageIndex));
  pages.get(
    '/errors/:code',
    text('text/html', ({ params: { code } }) => {
      if (typeof code !== 'string' || !isErrorCode(code)) throw new PhaselockError('route_not_found');
      return errorPageHtml(code);
    }),
  );
  return pages;
}

const text =
  (mediaType: string, write: (request: Request) => string): RequestHandler =>
  (request: Request, response: Response) => {
    const body = write(request);
    response.setHeader('Content-Type', `${mediaType}; charset=utf-8`);
    response.send(body);
  };
