import { type Kysely, sql } from 'kysely';
import type { PageAfter } from '../page.ts';
import type { Schema } from '../schema.ts';
import { refuseUnstorable } from '../unstorable-text.ts';
import type { AnnouncementKind } from './schema.ts';

export type AnnouncementRow = {
  readonly id: number;
  readonly flag: string;
  readonly campaign: number;
  readonly stage: number;
  readonly percent: number;
  readonly kind: AnnouncementKind;
  readonly text: string;
  readonly publishedAt: Date;
  readonly withdrawnAt: Date | null;
  readonly active: boolean;
};

/** The position of an announcement in a list, which is sorted by active first, then by newest. */
export type AnnouncementPlace = { readonly active: boolean; readonly id: number };

export const placeOfAnnouncement = ({ active, id }: AnnouncementPlace): string => `${active ? 1 : 0}-${id}`;

export function parseAnnouncementPlace(text: string): AnnouncementPlace | undefined {
  const [, active, id] = /^([01])-(\d{1,15})$/.exec(text) ?? [];
  return id === undefined ? undefined : { active: active === '1', id: Number(id) };
}

export type AnnouncementFilter = { readonly flag?: string; readonly active?: boolean };

export async function listAnnouncements(
  db: Kysely<Schema>,
  { flag, active }: AnnouncementFilter,
  { limit, after }: PageAfter<AnnouncementPlace>,
): Promise<AnnouncementRow[]> {
  let query = db
    .selectFrom('announcement_states')
    .select(['id', 'flag', 'campaign', 'stage', 'percent', 'kind', 'text', 'active'])
    .select(['published_at as publishedAt', 'withdrawn_at as withdrawnAt'])
    .orderBy('active', 'desc')
    .orderBy('id', 'desc')
    .limit(limit);
  if (flag !== undefined) query = query.where('flag', '=', flag);
  if (active !== undefined) query = query.where('active', '=', active);
  if (after !== undefined) query = query.where(sql<boolean>`(active, id) < (${after.active}, ${after.id})`);
  return (await query.execute()).map((row) => ({ ...row, percent: Number(row.percent) }));
}

export type NewNote = { readonly flag: string; readonly text: string };

/**
 * Publishes a note, in addition to the automatic announcements of stages and kills. It is active until it is withdrawn.
 * Undefined for an unknown flag.
 */
export async function announceNote(db: Kysely<Schema>, { flag, text }: NewNote): Promise<number | undefined> {
  refuseUnstorable([text]);
  const { rows } = await sql<{ id: number }>`
    insert into announcements (flag, campaign, stage, percent, kind, text)
    select f.name, coalesce(r.campaign, 0), coalesce(r.stage, 0), f.percent, 'note', ${text}
      from flags f left join rollouts r on r.flag = f.name where f.name = ${flag} returning id`.execute(db);
  return rows[0]?.id;
}

/** False when there is no such announcement, or it was already withdrawn. */
export async function withdrawAnnouncement(db: Kysely<Schema>, id: number): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('announcements')
    .set({ withdrawn_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', id)
    .where('withdrawn_at', 'is', null)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}
