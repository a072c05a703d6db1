import { openArchived, type Recognised, recogniseStore, StoreFailure, storeChanged } from '@phaselock/archive';
import { ROUTES } from '@phaselock/contract';
import { PhaselockError, parseSessionId } from '@phaselock/core';
import { cutWhenDenied } from '../access/when-denied.ts';
import { answerPage } from '../server/answer-page.ts';
import { handle, STREAMED } from '../server/handle.ts';
import { archiveView } from '../views/archive-view.ts';
import { answeringStore } from './answering-store.ts';
import type { ApiContext } from './api-context.ts';
import { placeOf } from './place.ts';

export const archiveHandlers = ({ guard, archive, scope, places, write }: ApiContext) => ({
  getArchive: handle(ROUTES.getArchive, async ({ params: { sessionId }, caller, response, whenGone, whenDenied }) => {
    places.take('download', caller.id, response);
    // Set before the first byte is sent, because a large object takes time to verify.
    cutWhenDenied({ response, whenDenied });
    const record = await guard.archive(sessionId);
    if (record.removedAt !== null) throw new PhaselockError('archive_removed');
    await guard.recordArchiveRead({
      sessionId,
      taskId: record.taskId,
      actor: caller.name,
      requestId: scope.fields()?.['http.request.id'] ?? null,
    });
    const document = await openArchived(answeringStore(archive, guard), record).catch(async (error: unknown) => {
      // The store is identified within a deadline of its own, because a slow store may have used up that of the
      // request.
      throw await inWords(error, () => guard.inOwnTime(() => recogniseStore(guard.database, archive)));
    });
    response.writeHead(200, {
      'Content-Type': 'application/json; charset=utf-8',
      'Content-Disposition': `attachment; filename="session-${sessionId}.json"`,
      'Cache-Control': 'no-store',
    });
    const signal = whenGone();
    for await (const chunk of document) {
      await write(response, chunk, signal);
      if (signal.aborted) return STREAMED;
    }
    response.end();
    return STREAMED;
  }),

  listArchives: handle(ROUTES.listArchives, async ({ params: { taskId }, query: { limit, cursor } }) => {
    const page = await guard.listArchives(taskId, { limit, ...placeOf(cursor, parseSessionId) });
    // An empty page does not show whether the task exists.
    if (page.items.length === 0) await guard.task(taskId);
    return answerPage(page, archiveView, ({ sessionId }) => sessionId);
  }),
});

/**
 * Translates a failure of the store into an API error. Its own message is for the operator of the store and becomes the
 * cause.
 */
async function inWords(error: unknown, recognise: () => Promise<Recognised>): Promise<unknown> {
  if (!(error instanceof StoreFailure)) return error;
  if (error.code === 'object_damaged') return new PhaselockError('archive_damaged', { cause: error });
  if (error.code !== 'object_missing') return new PhaselockError('archive_unavailable', { cause: error });
  // A missing object means damage only in the store that belongs to this database. Another or unidentified store means
  // that the archive is unavailable.
  try {
    const found = await recognise();
    if (found.kind === 'changed') return new PhaselockError('archive_unavailable', { cause: storeChanged(found.why) });
    return new PhaselockError('archive_damaged', { cause: error });
  } catch (unrecognised) {
    return new PhaselockError('archive_unavailable', { cause: unrecognised });
  }
}
