import express, { type Express } from 'express';
import helmet from 'helmet';
import { type Observed, observeRequests } from './observe-requests.ts';

/** What every request passes first: nothing of it depends on what is asked. */
export function openFront(observed: Observed): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.use(observeRequests(observed));
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], styleSrc: ["'unsafe-inline'"] },
      },
      // A proxy with a certificate says this for itself; said by us over plain HTTP it would mean nothing.
      strictTransportSecurity: false,
    }),
  );
  return app;
}
