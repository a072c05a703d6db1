import {
  type AttemptId,
  type ErrorCode,
  type ModelId,
  PhaselockError,
  type ProfileId,
  type ProjectId,
  type SessionId,
  type TaskId,
} from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { HISTORY_PAGE_LIMIT } from './look-up.ts';
import { checkPage } from './page-limit.ts';

const found = <Row>(row: Row | undefined, code: ErrorCode): Row => {
  if (row === undefined) throw new PhaselockError(code);
  return row;
};

const paged = <Item extends { readonly id: Place }, Place>(
  ctx: GuardContext,
  page: store.PageAfter<Place>,
  read: (page: store.PageAfter<Place>) => Promise<readonly Item[]>,
): Promise<store.PageOf<Item, Place>> => answerInTime(ctx, () => store.pageOf(checkPage(page), read, ({ id }) => id));

export const readRollouts = (ctx: GuardContext) => answerInTime(ctx, () => store.readRollouts(ctx.database.kysely));

export const listAnnouncements = (
  ctx: GuardContext,
  filter: store.AnnouncementFilter,
  page: store.PageAfter<store.AnnouncementPlace>,
): Promise<store.PageOf<store.AnnouncementRow, store.AnnouncementPlace>> =>
  answerInTime(ctx, () =>
    store.pageOf(
      checkPage(page),
      (asked) => store.listAnnouncements(ctx.database.kysely, filter, asked),
      ({ active, id }) => ({ active, id }),
    ),
  );

export const project = (ctx: GuardContext, id: ProjectId) =>
  answerInTime(ctx, async () => found(await store.readProject(ctx.database.kysely, id), 'project_not_found'));

export const task = (ctx: GuardContext, id: TaskId) =>
  answerInTime(ctx, async () => found(await store.readTask(ctx.database.kysely, id), 'task_not_found'));

export const attempt = (ctx: GuardContext, id: AttemptId) =>
  answerInTime(ctx, async () => found(await store.readAttempt(ctx.database.kysely, id), 'attempt_not_found'));

export const listProjects = (ctx: GuardContext, filter: { only?: ProjectId }, page: store.PageAfter<ProjectId>) =>
  paged(ctx, page, (asked) => store.listProjects(ctx.database.kysely, filter, asked));

export const listTasks = (ctx: GuardContext, filter: { projectId: ProjectId }, page: store.PageAfter<TaskId>) =>
  paged(ctx, page, (asked) => store.listTasks(ctx.database.kysely, filter, asked));

export const listAttempts = (ctx: GuardContext, filter: { taskId: TaskId }, page: store.PageAfter<AttemptId>) =>
  paged(ctx, page, (asked) => store.listAttempts(ctx.database.kysely, filter, asked));

export const listModels = (ctx: GuardContext, filter: store.CatalogueFilter, page: store.PageAfter<ModelId>) =>
  paged(ctx, page, (asked) => store.listModels(ctx.database.kysely, filter, asked));

export const listProfiles = (ctx: GuardContext, filter: store.CatalogueFilter, page: store.PageAfter<ProfileId>) =>
  paged(ctx, page, (asked) => store.listProfiles(ctx.database.kysely, filter, asked));

export const processesOfAttempt = (ctx: GuardContext, id: AttemptId, page: store.PageAfter<number>) =>
  answerInTime(ctx, async () => {
    const { kysely } = ctx.database;
    const processes = await store.pageOf(
      checkPage(page),
      (asked) => store.readProcessesOfAttempt(kysely, id, asked),
      ({ seq }) => seq,
    );
    // An empty page does not show whether the attempt exists.
    if (processes.items.length === 0) found(await store.readAttempt(kysely, id), 'attempt_not_found');
    return processes;
  });

export const logs = (ctx: GuardContext, id: SessionId, page: store.PageAfter<number>) =>
  answerInTime(ctx, async () => {
    const { kysely } = ctx.database;
    const lines = await store.pageOf(
      checkPage(page, LOG_PAGE_LIMIT),
      ({ limit, after = 0 }) => store.readLogs(kysely, id, { limit, after, upTo: Number.MAX_SAFE_INTEGER }),
      (line) => line.id,
    );
    if (lines.items.length === 0) found(await store.readSession(kysely, id), 'session_not_found');
    return lines;
  });

const LOG_PAGE_LIMIT = 1_000;

export const feedbackOf = (ctx: GuardContext, id: SessionId, page: store.PageAfter<number>) =>
  answerInTime(ctx, async () => {
    const { kysely } = ctx.database;
    const given = await store.pageOf(
      checkPage(page, HISTORY_PAGE_LIMIT),
      (asked) => store.readFeedback(kysely, id, asked),
      (feedback) => feedback.id,
    );
    if (given.items.length === 0) found(await store.readSession(kysely, id), 'session_not_found');
    return given;
  });
