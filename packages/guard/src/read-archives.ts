import { PhaselockError, type SessionId, type TaskId } from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { checkPage } from './page-limit.ts';

/** The archive record of a session; after its retention time, the tombstone of the archive. */
export const archive = (ctx: GuardContext, id: SessionId) =>
  answerInTime(ctx, async () => {
    const found = await store.readArchive(ctx.database.kysely, id);
    if (found === undefined) throw new PhaselockError('archive_not_found');
    return found;
  });

export const listArchives = (ctx: GuardContext, taskId: TaskId, page: store.PageAfter<SessionId>) =>
  answerInTime(ctx, () =>
    store.pageOf(
      checkPage(page),
      (asked) => store.listArchives(ctx.database.kysely, taskId, asked),
      ({ sessionId }) => sessionId,
    ),
  );

/** Records who reads an archive, before any of its content is returned. */
export const recordArchiveRead = (ctx: GuardContext, read: store.ArchiveRead) =>
  answerInTime(ctx, () => store.recordArchiveRead(ctx.database.kysely, read));
