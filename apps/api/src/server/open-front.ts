import { refuseForeigners } from '@phaselock/access';
import express, { type Express } from 'express';
import helmet from 'helmet';
import { constantHeaders } from './constant-headers.ts';
import { type Observed, observeRequests } from './observe-requests.ts';
import { refuseAmbiguous } from './refuse-ambiguous.ts';

type Front = Observed & {
  /** Set when authentication is off: then all requests from other machines are refused. */
  readonly onlyThisMachine: boolean;
};

/** Creates the application with the middleware that every request passes, whatever its route. */
export function openFront({ onlyThisMachine, ...observed }: Front): Express {
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.set('case sensitive routing', true);
  app.set('strict routing', true);
  app.use(observeRequests(observed));
  app.use(
    constantHeaders(
      helmet({
        contentSecurityPolicy: {
          useDefaults: false,
          directives: { defaultSrc: ["'none'"], styleSrc: ["'unsafe-inline'"] },
        },
        // A TLS-terminating proxy sets this header itself; browsers ignore it on plain HTTP.
        strictTransportSecurity: false,
      }),
    ),
  );
  app.use(refuseAmbiguous);
  if (onlyThisMachine) {
    app.use((request, _response, next) => {
      refuseForeigners(request);
      next();
    });
  }
  return app;
}
