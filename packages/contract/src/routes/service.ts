import { z } from 'zod';
import { route } from '../route.ts';

const group = 'Service';

export const liveness = route({
  id: 'liveness',
  method: 'get',
  path: '/healthz',
  group,
  summary: 'Whether the process responds',
  description:
    'Does not query the database: `/readyz` reports a database outage, and restarting this process would not end it.',
  scope: 'none',
  isProbe: true,
  answers: {
    200: { description: 'Alive', schema: z.strictObject({ status: z.literal('ok') }).meta({ id: 'Liveness' }) },
  },
  errors: [],
});

const readinessBody = z
  .strictObject({
    status: z.enum(['ready', 'not-ready']),
    why: z.enum(['starting', 'draining', 'schema', 'database', 'database-restarting', 'storage-full']).nullable(),
  })
  .meta({ id: 'Readiness' });

export const readiness = route({
  id: 'readiness',
  method: 'get',
  path: '/readyz',
  group,
  summary: 'Whether this instance should receive requests',
  description:
    '`schema`: migrations of this release are not applied yet, and this process does not apply them. `database`: PostgreSQL does not respond, or is a standby, which accepts no writes. `database-restarting`: the embedded PostgreSQL stopped and is being restarted. `storage-full`: PostgreSQL cannot start because its disk is full.',
  scope: 'none',
  isProbe: true,
  answers: {
    200: { description: 'Ready', schema: readinessBody },
    503: {
      description: 'Not ready; `why` states the reason',
      schema: readinessBody,
    },
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
  isProbe: true,
  description:
    'Exemplars, which link a histogram bucket to a request, are included only in the OpenMetrics format, which a scraper requests by `Accept`. If the service listens beyond loopback, this needs a key for all projects with the scope `metrics:read`. If several processes share one port (`PHASELOCK_WORKERS`), the answer there is 404: each process serves its metrics on its own port.',
  answers: {
    200: {
      description: 'In the Prometheus text format, or in OpenMetrics',
      mediaTypes: ['text/plain', 'application/openmetrics-text'],
    },
  },
  errors: [],
});
