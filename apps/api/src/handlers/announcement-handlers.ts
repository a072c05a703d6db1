import { ROUTES } from '@phaselock/contract';
import { parseAnnouncementPlace, placeOfAnnouncement } from '@phaselock/store';
import { answerPage } from '../server/answer-page.ts';
import { handle } from '../server/handle.ts';
import { announcementView } from '../views/announcement-view.ts';
import type { ApiContext } from './api-context.ts';
import { placeOf } from './place.ts';

export const announcementHandlers = ({ guard }: ApiContext) => ({
  listAnnouncements: handle(ROUTES.listAnnouncements, async ({ query }) => {
    const { limit, cursor, ...filter } = query;
    const { items, next } = await guard.listAnnouncements(filter, {
      limit,
      ...placeOf(cursor, parseAnnouncementPlace),
    });
    const page = { items, next: next === null ? null : placeOfAnnouncement(next) };
    return answerPage(page, announcementView, placeOfAnnouncement);
  }),
});
