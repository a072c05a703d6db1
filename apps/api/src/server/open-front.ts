import { refuseForeigners } from '@phaselock/access';
import express, { type Express } from 'express';
import helmet from 'helmet';
import { type Observed, observeRequests } from './observe-requests.ts';
import { refuseAmbiguous } from './refuse-ambiguous.ts';

type Front = Observed & {
  /** With authentication off: whoever is not of this machine gets nothing, at no address. */
  readonly onlyThisMachine: boolean;
};

/** What every request passes first: nothing of it depends on what is asked. */
export function openFront({ onlyThisMachine, ...observed }: Front): Express {
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
  app.use(refuseAmbiguous);
  if (onlyThisMachine) {
    app.use((request, _response, next) => {
      refuseForeigners(request);
      next();
    });
  }
  return app;
}
