import { z } from 'zod';
import { route } from '../route.ts';
import { announcement } from '../schemas/announcement.ts';
import { cursor, limit, pageOf, queryFlag } from '../schemas/page.ts';

export const listAnnouncements = route({
  id: 'listAnnouncements',
  method: 'get',
  path: '/v1/announcements',
  group: 'Announcements',
  summary: 'What users are told of the rollout',
  description:
    'Those that are true now first, then the others, newest first. A stage of the rollout publishes one, and so do an abort and a kill of the rule, however it was killed. A kill makes the announcement of the stage inactive at once.',
  scope: 'sessions:read',
  query: z.strictObject({
    active: queryFlag('Only those that are true now, or only the others').exactOptional(),
    limit,
    cursor: cursor.exactOptional(),
  }),
  answers: {
    200: { description: 'A page', schema: pageOf(announcement, 'Announcements').meta({ id: 'AnnouncementPage' }) },
  },
  errors: [],
});
