import type { Mode, Phase, ProjectId, SessionId, SessionStatus, TaskId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import { type Measured, readMeasured } from './page.ts';
import type { Schema } from './schema.ts';
import { LEASE_LAPSED, type SessionRecord, toSessionRecord } from './session-record.ts';

export type SessionFilter = {
  readonly taskId?: TaskId;
  readonly projectId?: ProjectId;
  readonly phase?: Phase;
  readonly mode?: Mode;
  readonly status?: SessionStatus;
  /** The requested model name, or the model it resolved to. */
  readonly model?: string;
  readonly milestoneId?: string;
  /** Deleted sessions are left out by default. */
  readonly includeDeleted?: boolean;
};

const leaseLapsed = sql.raw<boolean>(LEASE_LAPSED).as('lease_lapsed');

/** The size of the two session columns that can be large. */
const LARGE_BYTES = sql<number>`coalesce(octet_length(handoff), 0) + octet_length(parameters::text)`;

/** A page by keyset: ids are time-ordered, so the last id of a page is the cursor of the next. */
export type Page = { readonly limit: number; readonly after?: SessionId };

export async function listSessions(
  db: Kysely<Schema>,
  filter: SessionFilter,
  { limit, after }: Page,
): Promise<Measured<SessionRecord>> {
  const { taskId, projectId, phase, mode, status, model, milestoneId } = filter;
  let query = db.selectFrom('sessions as s').selectAll('s').select(leaseLapsed).orderBy('s.id', 'desc').limit(limit);
  if (taskId !== undefined) query = query.where('s.task_id', '=', taskId);
  if (projectId !== undefined) {
    query = query.where('s.task_id', 'in', (task) =>
      task.selectFrom('tasks').select('tasks.id').where('tasks.project_id', '=', projectId),
    );
  }
  if (phase !== undefined) query = query.where('s.phase', '=', phase);
  if (mode !== undefined) query = query.where('s.mode', '=', mode);
  if (status !== undefined) query = query.where('s.status', '=', status);
  if (model !== undefined) {
    // Model names are compared without regard to case.
    const name = model.toLowerCase();
    query = query.where(({ or, eb, fn }) =>
      or([eb(fn('lower', ['s.model']), '=', name), eb(fn('lower', ['s.resolved_model']), '=', name)]),
    );
  }
  if (milestoneId !== undefined) query = query.where('s.milestone_id', '=', milestoneId);
  if (filter.includeDeleted !== true) query = query.where('s.deleted_at', 'is', null);
  if (after !== undefined) query = query.where('s.id', '<', after);
  const { items, cut } = await readMeasured(db, query, { bytes: LARGE_BYTES, order: sql`id desc` });
  return { items: items.map(toSessionRecord), cut };
}

export async function readSession(db: Kysely<Schema>, id: SessionId): Promise<SessionRecord | undefined> {
  const row = await db
    .selectFrom('sessions as s')
    .selectAll('s')
    .select(leaseLapsed)
    .where('s.id', '=', id)
    .executeTakeFirst();
  return row === undefined ? undefined : toSessionRecord(row);
}
