import { z } from 'zod';
import { route } from '../route.ts';
import { announcement } from '../schemas/announcement.ts';
import { cursor, limit, pageOf, queryFlag } from '../schemas/page.ts';

export const listAnnouncements = route({
  id: 'listAnnouncements',
  method: 'get',
  path: '/v1/announcements',
  group: 'Announcements',
  summary: 'List the notices for users about the rollout',
  description:
    'Active announcements first, then the others, newest first. A stage of the rollout publishes an announcement, and so do an abort and every kill of the rule. A kill deactivates the announcement of the stage at once.',
  scope: 'sessions:read',
  query: z.strictObject({
    active: queryFlag('Only active announcements, or only inactive ones').exactOptional(),
    limit,
    cursor: cursor.exactOptional(),
  }),
  answers: {
    200: { description: 'A page', schema: pageOf(announcement, 'Announcements').meta({ id: 'AnnouncementPage' }) },
  },
  errors: [],
});
