import { z } from 'zod';
import { route } from '../route.ts';

const group = 'Service';

export const liveness = route({
  id: 'liveness',
  method: 'get',
  path: '/healthz',
  group,
  summary: 'Whether the process answers',
  description:
    'Never asks the database: that one is away is told by `/readyz`, and starting this process anew would not bring it back.',
  scope: 'none',
  isProbe: true,
  answers: {
    200: { description: 'It does', schema: z.strictObject({ status: z.literal('ok') }).meta({ id: 'Liveness' }) },
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
  summary: 'Whether requests should be sent here',
  description:
    '`schema`: migrations of this release are not applied yet, and it does not apply them itself. `database`: PostgreSQL does not answer, or is a standby, which takes no writes. `database-restarting`: the embedded PostgreSQL ended and is being started again. `storage-full`: it cannot start, because its disk is full.',
  scope: 'none',
  isProbe: true,
  answers: {
    200: { description: 'They should', schema: readinessBody },
    503: {
      description: 'They should not: it is shutting down, or has no database, or not its schema',
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
    'Exemplars, which lead from a bucket to a request, are only in the OpenMetrics format; a scraper gets it that asks for it by `Accept`. Where the service listens beyond loopback, this takes a key of all projects with the scope `metrics:read`. Where several processes answer at one port (`PHASELOCK_WORKERS`), it is 404 there: each has its numbers at a port of its own.',
  answers: {
    200: {
      description: 'In the text format of Prometheus, or in that of OpenMetrics',
      mediaTypes: ['text/plain', 'application/openmetrics-text'],
    },
  },
  errors: [],
});
