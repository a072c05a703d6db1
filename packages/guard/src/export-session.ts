import { PhaselockError, type SessionId } from '@phaselock/core';
import {
  type LogRow,
  type ProcessRow,
  readEvents,
  readLastLogId,
  readLogs,
  readProcesses,
  readSession,
  type SessionEventRow,
} from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { toPhaselockError } from './failures.ts';
import { knownCatalogue } from './known-catalogue.ts';
import { type ShownRecord, showRecord } from './shown-record.ts';

export type ExportedPart =
  | { readonly kind: 'session'; readonly session: ShownRecord }
  | { readonly kind: 'process'; readonly process: ProcessRow }
  | { readonly kind: 'event'; readonly event: SessionEventRow }
  | { readonly kind: 'log'; readonly log: LogRow };

const LOG_PAGE = 1_000;
/** Each running export holds at most one log page of this size in memory, plus one line. */
const LOG_PAGE_BYTES = 1_024 * 1_024;

/**
 * Streams a session in bounded memory: the session, its processes, its events, and its log as of the start of the
 * export.
 */
export async function* exportSession(ctx: GuardContext, id: SessionId): AsyncGenerator<ExportedPart> {
  const { kysely } = ctx.database;
  try {
    const { catalogue } = await knownCatalogue(ctx);
    // One repeatable-read snapshot, so that the usage and status of the session agree with its processes and events.
    const { session, processes, events, upTo } = await answerInTime(ctx, () =>
      kysely
        .transaction()
        .setIsolationLevel('repeatable read')
        .execute(async (moment) => {
          const found = await readSession(moment, id);
          if (found === undefined) throw new PhaselockError('session_not_found');
          return {
            session: found,
            processes: await readProcesses(moment, id),
            events: await readEvents(moment, { taskId: found.slot.taskId, sessionId: id }),
            upTo: await readLastLogId(moment, id),
          };
        }),
    );
    yield { kind: 'session', session: showRecord(catalogue, session) };
    for (const process of processes) yield { kind: 'process', process };
    for (const event of events) yield { kind: 'event', event };

    for (let after = 0; after < upTo; ) {
      const { items: page } = await answerInTime(ctx, () =>
        readLogs(kysely, id, { after, upTo, limit: LOG_PAGE, maxBytes: LOG_PAGE_BYTES }),
      );
      // The log was purged during the export. An incomplete log must not look complete.
      if (page.length === 0) throw new PhaselockError('session_not_found');
      for (const log of page) yield { kind: 'log', log };
      after = page.at(-1)?.id ?? upTo;
    }
  } catch (error) {
    throw toPhaselockError(error, 'unexpected');
  }
}
