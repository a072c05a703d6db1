import type { Generation, Mode, Phase, ProjectId, SessionId, TaskId } from '@phaselock/core';
import { firstRow, type Sql, type Statement } from './sql.ts';

/** A position in the change feed: the id of the writing transaction, and the event’s number. */
export type ChangePlace = { readonly tx: bigint; readonly id: number };

export type Change = {
  readonly place: ChangePlace;
  readonly projectId: ProjectId;
  readonly taskId: TaskId;
  readonly phase: Phase;
  readonly mode: Mode;
  readonly sessionId: SessionId;
  readonly type: string;
  readonly reason: string | null;
  readonly generation: Generation;
  readonly predecessorId: SessionId | null;
  readonly actor: string | null;
  readonly at: Date;
};

export type ChangeFilter =
  | { readonly kind: 'task'; readonly taskId: TaskId }
  | { readonly kind: 'project'; readonly projectId: ProjectId };

const PLACE = /^(\d{1,19})-(\d{1,15})$/;

export const formatPlace = ({ tx, id }: ChangePlace): string => `${tx}-${id}`;

export function parsePlace(text: string): ChangePlace | undefined {
  const [, tx, id] = PLACE.exec(text) ?? [];
  return tx === undefined || id === undefined ? undefined : { tx: BigInt(tx), id: Number(id) };
}

export const isAfter = (a: ChangePlace, b: ChangePlace): boolean => a.tx > b.tx || (a.tx === b.tx && a.id > b.id);

type Row = Omit<Change, 'place'> & { readonly tx: string; readonly id: number };

const COLUMNS = `e.tx::text as tx, e.id, t.project_id as "projectId", e.task_id as "taskId", e.phase, e.mode,
  e.session_id as "sessionId", e.type, e.reason, e.generation, e.predecessor_id as "predecessorId", e.actor, e.at`;

// Reads only events of transactions older than the oldest running one: no further event can appear among them.
const AFTER = `(e.tx, e.id) > ($1::text::xid8, $2) and e.tx < pg_snapshot_xmin(pg_current_snapshot())`;

const CHANGES: Statement = {
  name: 'changes',
  text: `select ${COLUMNS} from session_events e join tasks t on t.id = e.task_id where ${AFTER} order by e.tx, e.id limit $3`,
};

const CHANGES_OF_TASK: Statement = {
  name: 'changes_of_task',
  text: `select ${COLUMNS} from session_events e join tasks t on t.id = e.task_id
         where ${AFTER} and e.task_id = $4 order by e.tx, e.id limit $3`,
};

/** Reads all changes in order and leaves out those of other projects. */
const CHANGES_OF_LARGE_PROJECT: Statement = {
  name: 'changes_of_large_project',
  text: `select ${COLUMNS} from session_events e join tasks t on t.id = e.task_id
         where ${AFTER} and t.project_id = $4 order by e.tx, e.id limit $3`,
};

/** Reads task by task, because millions of changes of other projects can lie before those of a small project. */
const CHANGES_OF_SMALL_PROJECT: Statement = {
  name: 'changes_of_small_project',
  // OFFSET 0 keeps the planner from joining the events as a whole.
  text: `select ${COLUMNS} from tasks t
         cross join lateral (select * from session_events e where ${AFTER} and e.task_id = t.id offset 0) e
         where t.project_id = $4 order by e.tx, e.id limit $3`,
};

const HAS_MORE_TASKS: Statement = {
  name: 'project_has_more_tasks',
  text: `select count(*) > $2::int as more from (select from tasks where project_id = $1 limit $2::int + 1) t`,
};

/** A project with more tasks than this has so large a share of all changes that reading them in order finds its own soon. */
export const FEW_TASKS = 1_000;

const TAIL: Statement = { name: 'change_tail', text: 'select pg_snapshot_xmin(pg_current_snapshot())::text as tx' };

/** The current position: every transaction that is still running comes after it. */
export async function readChangeTail(sql: Sql): Promise<ChangePlace> {
  const { tx } = firstRow(await sql.query<{ tx: string }>(TAIL, []));
  return { tx: BigInt(tx), id: 0 };
}

const toChange = ({ tx, id, ...rest }: Row): Change => ({ ...rest, place: { tx: BigInt(tx), id } });

export async function readChanges(sql: Sql, { tx, id }: ChangePlace, limit: number): Promise<Change[]> {
  return (await sql.query<Row>(CHANGES, [String(tx), id, limit])).map(toChange);
}

export async function readChangesOf(
  sql: Sql,
  filter: ChangeFilter,
  { tx, id }: ChangePlace,
  limit: number,
): Promise<Change[]> {
  const of = filter.kind === 'task' ? filter.taskId : filter.projectId;
  return (await sql.query<Row>(await statementFor(sql, filter), [String(tx), id, limit, of])).map(toChange);
}

async function statementFor(sql: Sql, filter: ChangeFilter): Promise<Statement> {
  if (filter.kind === 'task') return CHANGES_OF_TASK;
  const { more } = firstRow(await sql.query<{ more: boolean }>(HAS_MORE_TASKS, [filter.projectId, FEW_TASKS]));
  return more ? CHANGES_OF_LARGE_PROJECT : CHANGES_OF_SMALL_PROJECT;
}
