import { openArchived, type Recognised, recogniseStore, StoreFailure, storeChanged } from '@phaselock/archive';
import { ROUTES } from '@phaselock/contract';
import { PhaselockError, parseSessionId } from '@phaselock/core';
import { cutWhenDenied } from '../access/when-denied.ts';
import { ok } from '../server/answers.ts';
import { handle, STREAMED } from '../server/handle.ts';
import { archiveView } from '../views/archive-view.ts';
import type { ApiContext } from './api-context.ts';
import { placeOf, toCursor } from './place.ts';

export const archiveHandlers = ({ guard, archive, scope, places, write }: ApiContext) => ({
  getArchive: handle(ROUTES.getArchive, async ({ params: { sessionId }, caller, response, whenGone, whenDenied }) => {
    places.take('download', caller.id, response);
    // From here and not from the first byte: an object is verified before, and a large one takes its time.
    cutWhenDenied({ response, whenDenied });
    const record = await guard.archive(sessionId);
    if (record.removedAt !== null) throw new PhaselockError('archive_removed');
    await guard.recordArchiveRead({
      sessionId,
      taskId: record.taskId,
      actor: caller.name,
      requestId: scope.fields()?.['http.request.id'] ?? null,
    });
    const document = await openArchived(archive, record).catch(async (error: unknown) => {
      throw await inWords(error, () => recogniseStore(guard.database, archive));
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
    const { items, next } = await guard.listArchives(taskId, { limit, ...placeOf(cursor, parseSessionId) });
    // Only an empty page leaves it open whether there is such a task.
    if (items.length === 0) await guard.task(taskId);
    return ok({ items: items.map(archiveView), next: toCursor(next) });
  }),
});

/** What the store says is for whoever runs it; the reader is told what it means. */
async function inWords(error: unknown, recognise: () => Promise<Recognised>): Promise<unknown> {
  if (!(error instanceof StoreFailure)) return error;
  // In a store that is not the known one nothing is damaged for being missing.
  const found = error.code === 'object_missing' ? await recognise().catch(() => undefined) : undefined;
  if (found?.kind === 'changed') return new PhaselockError('archive_unavailable', { cause: storeChanged(found.why) });
  const damaged = error.code === 'object_damaged' || error.code === 'object_missing';
  return new PhaselockError(damaged ? 'archive_damaged' : 'archive_unavailable', { cause: error });
}
