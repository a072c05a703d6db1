import { PhaselockError, type SessionId, type SlotKey, type TaskId } from '@phaselock/core';
import { deadlineIn } from '@phaselock/locking';
import {
  listSessions,
  type Page,
  readEvents,
  readLatestSessions,
  readProcesses,
  readSession,
  type SessionFilter,
  type SessionRecord,
} from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { answering } from './failures.ts';

const read = <T>(ctx: GuardContext, work: () => Promise<T>): Promise<T> =>
  answering(ctx, deadlineIn(ctx.settings.deadlineMs, ctx.now), 'unexpected', work);

const PAGE_LIMIT = 200;

/** The latest session of a slot, its deleted model notwithstanding. */
export async function latest(ctx: GuardContext, slot: SlotKey): Promise<SessionRecord | undefined> {
  const sessions = await latestMany(ctx, [slot.taskId]);
  return sessions.find((session) => session.slot.phase === slot.phase && session.slot.mode === slot.mode);
}

/** The latest session of every slot of many tasks, in one query. */
export const latestMany = (ctx: GuardContext, taskIds: readonly TaskId[]): Promise<SessionRecord[]> =>
  read(ctx, async () => {
    const since = ctx.now();
    const sessions = await readLatestSessions(ctx.database, taskIds);
    ctx.telemetry.lookedUp('database', (ctx.now() - since) / 1000);
    return sessions;
  });

export type SessionPage = { readonly sessions: readonly SessionRecord[]; readonly next: SessionId | null };

export const list = (ctx: GuardContext, filter: SessionFilter, page: Page): Promise<SessionPage> =>
  read(ctx, async () => {
    if (!Number.isInteger(page.limit) || page.limit < 1 || page.limit > PAGE_LIMIT) {
      throw new PhaselockError('invalid_request', { detail: `limit is a whole number from 1 to ${PAGE_LIMIT}` });
    }
    // One row more than asked for tells whether there is another page.
    const found = await listSessions(ctx.database.kysely, filter, { ...page, limit: page.limit + 1 });
    const sessions = found.slice(0, page.limit);
    return { sessions, next: found.length > page.limit ? (sessions.at(-1)?.id ?? null) : null };
  });

export const session = (ctx: GuardContext, id: SessionId): Promise<SessionRecord> =>
  read(ctx, async () => {
    const found = await readSession(ctx.database.kysely, id);
    if (found === undefined) throw new PhaselockError('session_not_found');
    return found;
  });

export const processes = (ctx: GuardContext, id: SessionId) => read(ctx, () => readProcesses(ctx.database.kysely, id));

export const events = (ctx: GuardContext, id: SessionId) =>
  read(ctx, async () => {
    const { kysely } = ctx.database;
    const found = await readSession(kysely, id);
    return found === undefined ? [] : await readEvents(kysely, { taskId: found.slot.taskId, sessionId: id });
  });
