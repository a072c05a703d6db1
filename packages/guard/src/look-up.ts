import { PhaselockError, type SessionId, type SlotKey, type SlotState, type TaskId } from '@phaselock/core';
import {
  listSessions,
  type Page,
  pageOf,
  readEvents,
  readLatestSessions,
  readProcesses,
  readSession,
  type SessionFilter,
  type SessionRecord,
} from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { CatalogueView, GuardContext } from './context.ts';
import { readAfresh, recall } from './glance.ts';
import { markMissing } from './mark-missing.ts';
import { checkPage } from './page-limit.ts';

/** The slot as a snapshot has it, at most two seconds old, else as one read finds it. */
export async function current(ctx: GuardContext, slot: SlotKey): Promise<SlotState> {
  const [known, { catalogue }] = await Promise.all([recall(ctx, slot, 0), knownCatalogue(ctx)]);
  return markMissing(known ?? (await answerInTime(ctx, () => readAfresh(ctx, slot))), catalogue);
}

const knownCatalogue = async (ctx: GuardContext): Promise<CatalogueView> =>
  ctx.catalogue.known() ?? (await answerInTime(ctx, () => ctx.catalogue.view()));

/** The latest session of a slot, its deleted model notwithstanding. */
export async function latest(ctx: GuardContext, slot: SlotKey): Promise<SessionRecord | undefined> {
  const sessions = await latestMany(ctx, [slot.taskId]);
  return sessions.find((session) => session.slot.phase === slot.phase && session.slot.mode === slot.mode);
}

/** The latest session of every slot of many tasks, in one query. */
export const latestMany = (ctx: GuardContext, taskIds: readonly TaskId[]): Promise<SessionRecord[]> =>
  answerInTime(ctx, async () => {
    const since = ctx.now();
    const sessions = await readLatestSessions(ctx.database, taskIds);
    ctx.telemetry.lookedUp('database', (ctx.now() - since) / 1000);
    return sessions;
  });

export type SessionPage = { readonly sessions: readonly SessionRecord[]; readonly next: SessionId | null };

export const list = (ctx: GuardContext, filter: SessionFilter, page: Page): Promise<SessionPage> =>
  answerInTime(ctx, async () => {
    const { items, next } = await pageOf(
      checkPage(page),
      (asked) => listSessions(ctx.database.kysely, filter, asked),
      ({ id }) => id,
    );
    return { sessions: items, next };
  });

export const session = (ctx: GuardContext, id: SessionId): Promise<SessionRecord> =>
  answerInTime(ctx, async () => {
    const found = await readSession(ctx.database.kysely, id);
    if (found === undefined) throw new PhaselockError('session_not_found');
    return found;
  });

export const processes = (ctx: GuardContext, id: SessionId) =>
  answerInTime(ctx, () => readProcesses(ctx.database.kysely, id));

export const events = (ctx: GuardContext, id: SessionId) =>
  answerInTime(ctx, async () => {
    const { kysely } = ctx.database;
    const found = await readSession(kysely, id);
    return found === undefined ? [] : await readEvents(kysely, { taskId: found.slot.taskId, sessionId: id });
  });
