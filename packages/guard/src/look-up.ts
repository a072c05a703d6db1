import {
  type ModelStanding,
  modelStanding,
  OUTSIDE_THE_GUARD,
  PhaselockError,
  type SessionId,
  type SlotKey,
  type SlotState,
  type TaskId,
} from '@phaselock/core';
import {
  listSessions,
  type Page,
  type PageAfter,
  pageOf,
  readEventPage,
  readEvents,
  readLatestSessions,
  readProcesses,
  readProcessPage,
  readSession,
  type SessionFilter,
  type SessionRecord,
} from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { readAfresh, recall } from './glance.ts';
import { knownCatalogue } from './known-catalogue.ts';
import { markMissing } from './mark-missing.ts';
import { checkPage } from './page-limit.ts';
import { type ShownRecord, showRecord } from './shown-record.ts';
import { cohortOf, cohortOfMany } from './which-cohort.ts';

export type ShownSlot = SlotState & { readonly standing: ModelStanding };

/** The state of a slot from the snapshot cache, at most two seconds old, else from one read. */
export async function current(ctx: GuardContext, slot: SlotKey): Promise<ShownSlot> {
  const since = ctx.now();
  const [known, { catalogue }] = await Promise.all([recall(ctx, slot, 0), knownCatalogue(ctx)]);
  const state = known ?? (await answerInTime(ctx, () => readAfresh(ctx, slot, since)));
  if (state.live === null && state.generation === OUTSIDE_THE_GUARD) await demandTask(ctx, slot.taskId);
  const standing = state.live === null ? 'listed' : modelStanding(catalogue, state.live.identity);
  return { ...markMissing(state, catalogue), standing };
}

/** A slot that was never used looks the same for a new task and for an unknown task id, so the task is looked up. */
const demandTask = (ctx: GuardContext, id: TaskId): Promise<void> =>
  answerInTime(ctx, async () => {
    if ((await ctx.owners.of(ctx.database, { kind: 'task', id })) === undefined)
      throw new PhaselockError('task_not_found');
  });

/** The latest session of a slot, even if its model has been deleted. */
export async function latest(ctx: GuardContext, slot: SlotKey): Promise<ShownRecord | undefined> {
  const sessions = await latestMany(ctx, [slot.taskId]);
  return sessions.find((session) => session.slot.phase === slot.phase && session.slot.mode === slot.mode);
}

const TOO_LARGE = 'the answer would be too large: ask for fewer tasks at once';

/** The latest session of every slot of many tasks, in one query. */
export const latestMany = (ctx: GuardContext, taskIds: readonly TaskId[]): Promise<ShownRecord[]> =>
  answerInTime(ctx, async () => {
    const { catalogue } = await ctx.catalogue.view();
    const since = ctx.now();
    const { items: sessions, cut } = await readLatestSessions(ctx.database, taskIds);
    const cohort = cohortOfMany(sessions.map(({ guarded }) => cohortOf(guarded)));
    ctx.telemetry.lookedUp('database', cohort, (ctx.now() - since) / 1000);
    if (cut) throw new PhaselockError('invalid_request', { detail: TOO_LARGE });
    return sessions.map((record) => showRecord(catalogue, record));
  });

export type SessionPage = { readonly sessions: readonly ShownRecord[]; readonly next: SessionId | null };

export const list = (ctx: GuardContext, filter: SessionFilter, page: Page): Promise<SessionPage> =>
  answerInTime(ctx, async () => {
    const { catalogue } = await ctx.catalogue.view();
    const { items, next } = await pageOf(
      checkPage(page),
      (asked) => listSessions(ctx.database.kysely, filter, asked),
      ({ id }) => id,
    );
    return { sessions: items.map((record) => showRecord(catalogue, record)), next };
  });

export const session = (ctx: GuardContext, id: SessionId): Promise<ShownRecord> =>
  answerInTime(ctx, async () => {
    const { catalogue } = await ctx.catalogue.view();
    const found = await readSession(ctx.database.kysely, id);
    if (found === undefined) throw new PhaselockError('session_not_found');
    return showRecord(catalogue, found);
  });

export const processes = (ctx: GuardContext, id: SessionId) =>
  answerInTime(ctx, () => readProcesses(ctx.database.kysely, id));

/** Large enough for the whole history of most sessions. */
export const HISTORY_PAGE_LIMIT = 1_000;

export const processPage = (ctx: GuardContext, id: SessionId, page: PageAfter<number>) =>
  answerInTime(ctx, async () => {
    const { kysely } = ctx.database;
    const found = await pageOf(
      checkPage(page, HISTORY_PAGE_LIMIT),
      (asked) => readProcessPage(kysely, id, asked),
      ({ seq }) => seq,
    );
    // An empty page does not show whether the session exists.
    if (found.items.length === 0) await demandSession(ctx, id);
    return found;
  });

export const eventPage = (ctx: GuardContext, id: SessionId, page: PageAfter<number>) =>
  answerInTime(ctx, async () => {
    const { slot } = await demandSession(ctx, id);
    return await pageOf(
      checkPage(page, HISTORY_PAGE_LIMIT),
      (asked) => readEventPage(ctx.database.kysely, { taskId: slot.taskId, sessionId: id }, asked),
      (event) => event.id,
    );
  });

async function demandSession(ctx: GuardContext, id: SessionId): Promise<SessionRecord> {
  const found = await readSession(ctx.database.kysely, id);
  if (found === undefined) throw new PhaselockError('session_not_found');
  return found;
}

export const events = (ctx: GuardContext, id: SessionId) =>
  answerInTime(ctx, async () => {
    const { kysely } = ctx.database;
    const found = await readSession(kysely, id);
    return found === undefined ? [] : await readEvents(kysely, { taskId: found.slot.taskId, sessionId: id });
  });
