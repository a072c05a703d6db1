import { ROUTES } from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
import { ok } from '../server/answers.ts';
import { handle, STREAMED } from '../server/handle.ts';
import type { ApiContext } from './api-context.ts';

export const serviceHandlers = ({ guard, readiness }: ApiContext) => ({
  liveness: handle(ROUTES.liveness, async () => ok({ status: 'ok' as const })),

  readiness: handle(ROUTES.readiness, async () => {
    const why = readiness.whyNot();
    return why === null
      ? ok({ status: 'ready' as const, why })
      : { status: 503 as const, body: { status: 'not-ready' as const, why } };
  }),

  metrics: handle(ROUTES.metrics, async ({ caller, response }) => {
    // They count what all projects do.
    if (caller.projectId !== null) throw new PhaselockError('forbidden', { detail: 'needs a key of all projects' });
    const text = await guard.telemetry.exposition();
    response.writeHead(200, { 'Content-Type': guard.telemetry.contentType, 'Cache-Control': 'no-store' });
    response.end(text);
    return STREAMED;
  }),
});
