import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Schema } from '../schema.ts';

export type RunCounts = {
  readonly archived: number;
  readonly purged: number;
  readonly removed: number;
  readonly failed: number;
  readonly bytes: number;
};

type NewRun = { readonly id: string; readonly worker: string; readonly lanes: number };

/** A run that no worker has reported on for this long is marked as given up. */
const GIVEN_UP_AFTER_SECONDS = 3_600;

/** Records a run, unless a worker that died has recorded it already. Also marks abandoned runs as given up. */
export async function beginRun(db: Kysely<Schema>, { id, worker, lanes }: NewRun): Promise<void> {
  await db
    .updateTable('archive_runs')
    .set({ given_up_at: sql<Date>`clock_timestamp()` })
    .where('finished_at', 'is', null)
    .where('given_up_at', 'is', null)
    .where(
      sql<boolean>`coalesce(seen_at, started_at) < clock_timestamp() - make_interval(secs => ${GIVEN_UP_AFTER_SECONDS})`,
    )
    .where('id', '<>', id)
    .execute();
  await db
    .insertInto('archive_runs')
    .values({ id, worker, lanes_left: lanes, seen_at: sql<Date>`clock_timestamp()` })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute();
}

/** Records that a worker is still processing the run. */
export async function touchRun(db: Kysely<Schema>, id: string): Promise<void> {
  await db
    .updateTable('archive_runs')
    .set({ seen_at: sql<Date>`clock_timestamp()`, given_up_at: null })
    .where('id', '=', id)
    .where('finished_at', 'is', null)
    .execute();
}

/** Ends a run as skipped, because all lanes are still busy with an earlier run. */
export async function skipRun(db: Kysely<Schema>, id: string): Promise<void> {
  await db
    .updateTable('archive_runs')
    .set({ skipped: true, lanes_left: 0, finished_at: sql<Date>`clock_timestamp()` })
    .where('id', '=', id)
    .execute();
}

/** Adds the counts of one lane to its run. The last lane ends the run, and gets the run’s duration in seconds. */
export async function endLane(db: Kysely<Schema>, id: string, counts: RunCounts): Promise<number | undefined> {
  const run = await db
    .updateTable('archive_runs')
    .set(({ eb }) => ({
      archived: eb('archived', '+', counts.archived),
      purged: eb('purged', '+', counts.purged),
      removed: eb('removed', '+', counts.removed),
      failed: eb('failed', '+', counts.failed),
      bytes: eb('bytes', '+', counts.bytes),
      lanes_left: eb('lanes_left', '-', 1),
      skipped: false,
      finished_at: sql<Date | null>`case when lanes_left <= 1 then clock_timestamp() end`,
    }))
    .where('id', '=', id)
    .returning(['started_at', 'finished_at'])
    .executeTakeFirst();
  if (run?.finished_at == null) return undefined;
  return (run.finished_at.getTime() - run.started_at.getTime()) / 1000;
}

export type RunRecord = RunCounts & {
  readonly id: string;
  readonly worker: string;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
};

export async function lastRuns(db: Kysely<Schema>, limit: number): Promise<RunRecord[]> {
  return await db
    .selectFrom('archive_runs')
    .select(['id', 'worker', 'started_at as startedAt', 'finished_at as finishedAt'])
    .select(['archived', 'purged', 'removed', 'failed', 'bytes'])
    .orderBy('started_at', 'desc')
    .limit(limit)
    .execute();
}

export type ArchiveStatus = {
  readonly toArchive: number;
  readonly waitingForRetry: number;
  readonly toPurge: number;
  readonly kept: number;
  readonly keptBytes: number;
  readonly held: number;
  readonly removed: number;
  readonly deadLetters: number;
  readonly discarded: number;
  readonly leftovers: number;
  readonly nextRetryAt: Date | null;
};

/** SQL that counts the sessions due to be archived: deleted long enough ago, not archived, not dead letters. */
export const dueToArchive = (afterSeconds: number): RawBuilder<number> => sql`
  (select count(*) from sessions s where s.deleted_at is not null and s.archived_at is null
     and s.deleted_at <= clock_timestamp() - make_interval(secs => ${afterSeconds})
     and not exists (select 1 from archive_claims c where c.session_id = s.id and c.dead_at is not null))`;

export async function readArchiveStatus(
  db: Kysely<Schema>,
  { archiveAfterSeconds, purgeAfterSeconds }: { archiveAfterSeconds: number; purgeAfterSeconds: number },
): Promise<ArchiveStatus> {
  const { rows } = await sql<ArchiveStatus>`
    select ${dueToArchive(archiveAfterSeconds)} as "toArchive",
           (select count(*) from archives where purged_at is null
              and deleted_at <= clock_timestamp() - make_interval(secs => ${purgeAfterSeconds})) as "toPurge",
           claims.*, kept.*, (select count(*) from archive_leftovers) as leftovers
    from (select count(*) filter (where dead_at is null and failures > 0) as "waitingForRetry",
                 min(due_at) filter (where dead_at is null and failures > 0) as "nextRetryAt",
                 count(*) filter (where dead_at is not null and discarded_at is null) as "deadLetters",
                 count(*) filter (where discarded_at is not null) as discarded from archive_claims) claims,
         (select count(*) filter (where removed_at is null) as kept,
                 coalesce(sum(bytes) filter (where removed_at is null), 0)::bigint as "keptBytes",
                 count(*) filter (where legal_hold) as held, count(*) filter (where removed_at is not null) as removed from archives) kept
  `.execute(db);
  const [status] = rows;
  if (status === undefined) throw new Error('the statement returned no row');
  return status;
}

/** The earliest time at which a failed session may be retried. */
export async function nextRetryAt(db: Kysely<Schema>): Promise<Date | undefined> {
  const row = await db
    .selectFrom('archive_claims')
    .select(({ fn }) => fn.min('due_at').as('at'))
    .where('dead_at', 'is', null)
    .where('failures', '>', 0)
    .executeTakeFirst();
  return row?.at ?? undefined;
}
