import { z } from 'zod';
import { route } from '../route.ts';

const group = 'Service';

export const liveness = route({
  id: 'liveness',
  method: 'get',
  path: '/healthz',
  group,
  summary: 'Whether the process answers',
  description: 'Never asks the database.',
  scope: 'none',
  answers: {
    200: { description: 'It does', schema: z.strictObject({ status: z.literal('ok') }).meta({ id: 'Liveness' }) },
  },
  errors: [],
});

const readinessBody = z
  .strictObject({
    status: z.enum(['ready', 'not-ready']),
    why: z.enum(['starting', 'draining', 'database']).nullable(),
  })
  .meta({ id: 'Readiness' });

export const readiness = route({
  id: 'readiness',
  method: 'get',
  path: '/readyz',
  group,
  summary: 'Whether requests should be sent here',
  scope: 'none',
  answers: {
    200: { description: 'They should', schema: readinessBody },
    503: { description: 'They should not: it is shutting down, or has no database', schema: readinessBody },
  },
  errors: [],
});

export const metrics = route({
  id: 'metrics',
  method: 'get',
  path: '/metrics',
  group,
  summary: 'Metrics for Prometheus',
  scope: 'none',
  answers: { 200: { description: 'Prometheus text format', mediaTypes: ['text/plain'] } },
  errors: [],
});
