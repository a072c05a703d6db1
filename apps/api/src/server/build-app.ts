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
  /** Serves the OpenAPI document, the API reference and the error pages. */
  readonly pages: RequestHandler;
  readonly logger: Logger;
  readonly now: () => number;
  /** Whether local programs may read metrics without a key; set only where no other machine can connect. */
  readonly openMetrics: boolean;
  readonly onlyThisMachine: boolean;
  readonly spans: SpanExport | undefined;
};

/** Builds the express application without opening a socket. */
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

/** The kind of each operation, for metrics. */
export const operationKinds = (): Readonly<Record<string, OperationKind>> =>
  Object.fromEntries(operationIds().map((id) => [id, operationKindOf(ROUTES[id])]));

/**
 * Metrics reveal which callers are active, so reading them requires a scope, except from local programs where
 * `openMetrics` is set.
 */
const scopeElsewhere = ({ id, scope }: RouteSpec): RouteSpec['scope'] => (id === 'metrics' ? 'metrics:read' : scope);

const expressPath = ({ path }: RouteSpec): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

/** Registers literal paths before paths with parameters, so that `/v1/sessions/latest` is not read as a session id. */
const literalFirst = <Value>(paths: ReadonlyMap<string, Value>): [string, Value][] =>
  [...paths].toSorted(([a], [b]) => Number(a.includes(':')) - Number(b.includes(':')));

function refuseMethod(methods: readonly Method[]): RequestHandler {
  const allowed = methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])).join(', ');
  return (_request, response) => {
    response.setHeader('Allow', allowed);
    throw new PhaselockError('method_not_allowed');
  };
}
