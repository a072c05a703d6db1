import type { AnnouncementRow } from '@phaselock/store';
import { instant, instantOrNull } from './session-view.ts';

export const announcementView = ({ id, flag, kind, percent, text, active, ...times }: AnnouncementRow) => ({
  id,
  flag,
  kind,
  percent,
  text,
  active,
  publishedAt: instant(times.publishedAt),
  withdrawnAt: instantOrNull(times.withdrawnAt),
});
