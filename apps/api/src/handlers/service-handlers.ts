import { ROUTES } from '@phaselock/contract';
import { ok } from '../server/answers.ts';
import { demandAllProjects } from '../server/authorise.ts';
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

  metrics: handle(ROUTES.metrics, async ({ caller, request, response }) => {
    // The metrics cover all projects.
    demandAllProjects(caller);
    const { text, contentType } = await guard.telemetry.answerScrape(request.headers.accept);
    response.writeHead(200, { 'Content-Type': contentType, 'Cache-Control': 'no-store', Vary: 'Accept' });
    response.end(text);
    return STREAMED;
  }),
});
