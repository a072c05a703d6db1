import { isFromHere } from '@phaselock/access';
import {
  type Method,
  type OperationId,
  type OperationKind,
  operationKindOf,
  ROUTES,
  type RouteSpec,
} from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
import type { Logger, SpanExport } from '@phaselock/telemetry';
import type { Express, Request, RequestHandler, Response } from 'express';
import { answerFailure } from './answer-failure.ts';
import type { Handler } from './handle.ts';
import { nameOperation } from './observe-requests.ts';
import { openFront } from './open-front.ts';
import { sampleLines } from './sample-lines.ts';
import { type Intake, serveRoute } from './serve-route.ts';

export type AppParts = {
  readonly intake: Intake;
  readonly handlers: Readonly<Record<OperationId, Handler>>;
  /** The document, the reference and the pages of the errors. */
  readonly pages: RequestHandler;
  readonly logger: Logger;
  readonly now: () => number;
  /** Whether numbers may be read without a key: only where nobody but this machine can reach them. */
  readonly openMetrics: boolean;
  readonly onlyThisMachine: boolean;
  readonly spans: SpanExport | undefined;
};

/** The application without a socket: it never listens. */
export function buildApp({
  intake,
  handlers,
  pages,
  logger,
  now,
  openMetrics,
  onlyThisMachine,
  spans,
}: AppParts): Express {
  const { telemetry, scope } = intake;
  const app = openFront({ logger, telemetry, scope, now, spans, onlyThisMachine });
  app.use(pages);
  for (const [path, ids] of literalFirst(Map.groupBy(operationIds(), (id) => expressPath(ROUTES[id])))) {
    for (const id of ids) {
      const open = serveRoute(intake, ROUTES[id], handlers[id]);
      const closed = serveRoute(intake, ROUTES[id], handlers[id], scopeElsewhere(ROUTES[id]));
      app[ROUTES[id].method](
        path,
        nameOperation(id, operationKindOf(ROUTES[id]), ROUTES[id].path),
        (request: Request, response: Response) =>
          openMetrics && isFromHere(request) ? open(request, response) : closed(request, response),
      );
    }
    app.all(path, refuseMethod(ids.map((id) => ROUTES[id].method)));
  }
  app.use(() => {
    throw new PhaselockError('route_not_found');
  });
  app.use(answerFailure({ logger, scope, sample: sampleLines(now) }));
  return app;
}

const operationIds = (): OperationId[] => Object.keys(ROUTES).filter((id): id is OperationId => id in ROUTES);

/** What each is, for whoever counts and times them. */
export const operationKinds = (): Readonly<Record<string, OperationKind>> =>
  Object.fromEntries(operationIds().map((id) => [id, operationKindOf(ROUTES[id])]));

/** Numbers tell nobody's secrets, but who is busy, and with what: to anybody but this machine's own programs they take a key that may read them. */
const scopeElsewhere = ({ id, scope }: RouteSpec): RouteSpec['scope'] => (id === 'metrics' ? 'metrics:read' : scope);

const expressPath = ({ path }: RouteSpec): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** An address without parameters must not be taken for one with: `/v1/sessions/latest` is no session. */
const literalFirst = <Value>(paths: ReadonlyMap<string, Value>): [string, Value][] =>
  [...paths].toSorted(([a], [b]) => Number(a.includes(':')) - Number(b.includes(':')));

function refuseMethod(methods: readonly Method[]): RequestHandler {
  const allowed = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])).join(', ');
  return (_request, response) => {
    response.setHeader('Allow', allowed);
    throw new PhaselockError('method_not_allowed');
  };
}
