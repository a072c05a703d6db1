import { PhaselockError, type SessionId, type TaskId } from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { checkPage } from './page-limit.ts';

/** The archive of a session, if there is one; its tombstone, when its time was over. */
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

/** Who reads it, written before anything of it is shown. */
export const recordArchiveRead = (ctx: GuardContext, read: store.ArchiveRead) =>
  answerInTime(ctx, () => store.recordArchiveRead(ctx.database.kysely, read));
