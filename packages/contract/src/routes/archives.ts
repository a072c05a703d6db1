import { z } from 'zod';
import { route } from '../route.ts';
import { archive } from '../schemas/archive.ts';
import { sessionId, taskId } from '../schemas/ids.ts';
import { cursor, limit, pageOf } from '../schemas/page.ts';

const group = 'Archive';

export const getArchive = route({
  id: 'getArchive',
  method: 'get',
  path: '/v1/archives/{sessionId}',
  group,
  summary: 'Get the whole archive of a session',
  description:
    'One JSON document (docs/archive.schema.json). Its hash is verified before the first byte is sent. Each access is recorded with its caller; if it cannot be recorded, the archive is not returned.',
  scope: 'archive:read',
  params: z.strictObject({ sessionId }),
  answers: {
    200: {
      description: 'The document',
      mediaTypes: ['application/json'],
      headers: { 'Content-Disposition': 'attachment' },
    },
  },
  errors: ['session_not_found', 'archive_not_found', 'archive_removed', 'archive_damaged', 'archive_unavailable'],
});

export const listArchives = route({
  id: 'listArchives',
  method: 'get',
  path: '/v1/tasks/{taskId}/archives',
  group,
  summary: 'List the archives of a task, oldest session first',
  scope: 'archive:read',
  params: z.strictObject({ taskId }),
  query: z.strictObject({ limit, cursor: cursor.exactOptional() }),
  answers: { 200: { description: 'A page', schema: pageOf(archive, 'Archives').meta({ id: 'ArchivePage' }) } },
  errors: ['task_not_found'],
});
