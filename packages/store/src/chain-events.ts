import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';
import { firstRow, functionCall, type Sql, type Statement } from './sql.ts';
import { classifyFailure } from './sqlstates.ts';

const CHAIN_NEXT_TASKS = functionCall('chain_next_tasks', 3);
const PROGRESS_IS_KNOWN: Statement = {
  name: 'chain_progress_is_known',
  text: 'select exists (select from event_chain_progress) as known',
};

export type ChainLimits = {
  /** How many tasks are looked at, at most. */
  readonly tasks: number;
  /** No further session is begun once so many events have been chained. */
  readonly events: number;
  /** How long a session that is being written to is waited for. */
  readonly waitMs: number;
};

export type ChainedTasks = {
  /**
   * `finished`: every event from before the chains is chained. `busy`: another process chains, or a session was locked
   * for longer than `waitMs`, and nothing was done.
   */
  readonly state: 'finished' | 'unfinished' | 'busy';
  readonly tasks: number;
  readonly events: number;
};

type Row = { readonly tasks: number; readonly events: number; readonly finished: boolean };

/** The row that stores how far the events are chained is missing, as after a restore without its table. */
export class ChainProgressMissing extends Error {
  override readonly name = 'ChainProgressMissing';
  constructor() {
    super(
      'the table event_chain_progress is empty, so it is not known which events are chained: add its row with ' +
        '`insert into event_chain_progress default values`, after which the events of every task are looked at again',
    );
  }
}

const BUSY: ChainedTasks = { state: 'busy', tasks: 0, events: 0 };

/**
 * Chains events that were written before events were chained, task by task, and stores how far it came. Throws
 * ChainProgressMissing if there is no row to store it in.
 */
export async function chainNextTasks(sql: Sql, { tasks, events, waitMs }: ChainLimits): Promise<ChainedTasks> {
  try {
    const { finished, ...done } = firstRow(await sql.query<Row>(CHAIN_NEXT_TASKS, [tasks, events, waitMs]));
    if (!finished && done.tasks === 0 && done.events === 0) {
      // chain_next_tasks returns the same for a row that another process holds and for no row.
      if (!firstRow(await sql.query<{ known: boolean }>(PROGRESS_IS_KNOWN, [])).known) throw new ChainProgressMissing();
      return BUSY;
    }
    return { state: finished ? 'finished' : 'unfinished', ...done };
  } catch (error) {
    if (classifyFailure(error) === 'contended') return BUSY;
    throw error;
  }
}

export type ChainProgress = {
  readonly chainedTasks: number;
  readonly chainedEvents: number;
  /** Tasks that may have events that are not chained, counted up to MOST_TASKS_LEFT. */
  readonly tasksLeft: number;
  readonly finished: boolean;
};

/** A scrape reads the number, so the count has to end. */
export const MOST_TASKS_LEFT = 100_000;

/** Counts in the index on the ids of tasks, and not at all once everything is chained. */
export const tasksToChain = sql<number>`(
  select case when g.finished_at is not null then 0 else (
    select count(*) from (
      select from tasks t where t.id > coalesce(g.task_id, '00000000-0000-0000-0000-000000000000')
      limit ${sql.lit(MOST_TASKS_LEFT)}) behind) end
  from event_chain_progress g where g.singleton)`;

export async function readChainProgress(db: Kysely<Schema>): Promise<ChainProgress> {
  const { rows } = await sql<ChainProgress>`
    select p.chained_tasks as "chainedTasks", p.chained_events as "chainedEvents", ${tasksToChain} as "tasksLeft",
           p.finished_at is not null as finished
    from event_chain_progress p where p.singleton`.execute(db);
  const [progress] = rows;
  if (progress === undefined) throw new ChainProgressMissing();
  return progress;
}
