import { type Kysely, sql } from 'kysely';
import { tasksToChain } from '../chain-events.ts';
import type { Schema } from '../schema.ts';
import { dueToArchive } from './runs.ts';

type ArchiveStanding = {
  readonly backlog: number;
  readonly oldestDueSeconds: number | undefined;
  readonly deadLetters: number;
  /** Tasks with events that may not be chained yet. */
  readonly tasksToChain: number;
  readonly lastSuccess: Date | undefined;
  readonly oldestUnfinishedStart: Date | undefined;
  readonly lastStart: Date | undefined;
  readonly lastEnd: Date | undefined;
  readonly lastOutcome: 'succeeded' | 'failed' | 'running' | 'stalled' | undefined;
};

type Row = { readonly [Name in keyof ArchiveStanding]-?: Exclude<ArchiveStanding[Name], undefined> | null };

/** A worker reports on its run twice a minute. A run without a report for this long counts as stalled. */
const SILENT_SECONDS = 180;
/** A scrape times out within seconds, so the server must end the statement as well. */
const STATEMENT_TIMEOUT_MS = 5_000;

/** Reads the archive state for the metrics. It runs at every scrape, so it may only use indexed queries. */
export async function readArchiveStanding(db: Kysely<Schema>, archiveAfterSeconds: number): Promise<ArchiveStanding> {
  const { rows } = await db.transaction().execute(async (tx) => {
    await sql`set local statement_timeout = ${sql.lit(STATEMENT_TIMEOUT_MS)}`.execute(tx);
    // The planner assumes that “deleted” and “not archived” are independent. It would scan all sessions instead of
    // using the partial index on the few rows that are both.
    await sql`set local enable_seqscan = off`.execute(tx);
    return await sql<Row>`
      select ${dueToArchive(archiveAfterSeconds)} as backlog,
             (select extract(epoch from clock_timestamp() - s.deleted_at)::double precision - ${archiveAfterSeconds}::double precision from sessions s
                where s.deleted_at is not null and s.archived_at is null
                  and s.deleted_at <= clock_timestamp() - make_interval(secs => ${archiveAfterSeconds})
                  and not exists (select 1 from archive_claims c where c.session_id = s.id and c.dead_at is not null)
                order by s.deleted_at limit 1) as "oldestDueSeconds",
             (select count(*) from archive_claims where dead_at is not null and discarded_at is null) as "deadLetters",
             ${tasksToChain} as "tasksToChain",
             (select finished_at from archive_runs where finished_at is not null and failed = 0 and not skipped
                order by started_at desc limit 1) as "lastSuccess",
             (select started_at from archive_runs where finished_at is null and given_up_at is null
                order by started_at limit 1) as "oldestUnfinishedStart",
             (select finished_at from archive_runs where finished_at is not null and not skipped
                order by started_at desc limit 1) as "lastEnd",
             last.started_at as "lastStart", last.outcome as "lastOutcome"
      from (values (1)) one left join lateral (
        select started_at,
               case when finished_at is not null and failed = 0 then 'succeeded'
                    when finished_at is not null then 'failed'
                    when given_up_at is null and coalesce(seen_at, started_at) > clock_timestamp() - make_interval(secs => ${SILENT_SECONDS}) then 'running'
                    else 'stalled' end as outcome
        from archive_runs where not skipped order by started_at desc limit 1) last on true
    `.execute(tx);
  });
  const [row] = rows;
  if (row === undefined) throw new Error('the statement returned no row');
  const known = <Value>(value: Value | null): Value | undefined => value ?? undefined;
  return {
    backlog: row.backlog ?? 0,
    oldestDueSeconds: known(row.oldestDueSeconds),
    deadLetters: row.deadLetters ?? 0,
    tasksToChain: row.tasksToChain ?? 0,
    lastSuccess: known(row.lastSuccess),
    oldestUnfinishedStart: known(row.oldestUnfinishedStart),
    lastStart: known(row.lastStart),
    lastEnd: known(row.lastEnd),
    lastOutcome: known(row.lastOutcome),
  };
}
