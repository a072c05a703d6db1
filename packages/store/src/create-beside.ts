import type { ModelIdentity, SessionId, SlotKey, TaskId } from '@phaselock/core';
import type { IdempotencyRow } from './open-session.ts';
import { firstRow, type Sql, type Statement, type Writer, waitingWriteCall } from './sql.ts';

const CREATE_BESIDE = waitingWriteCall('create_beside', 16);

export type CreateBeside = {
  readonly slot: SlotKey;
  readonly sessionId: SessionId;
  readonly identity: ModelIdentity;
  readonly milestoneId: string | null;
  readonly createdBy: string | null;
  /** True for the record of a standalone execution, which is never the live session of a slot. */
  readonly standalone: boolean;
  readonly idempotency: IdempotencyRow | null;
};

/** Creates an unguarded session in addition to those that its slot already has. */
export async function createBeside(writer: Writer, create: CreateBeside): Promise<void> {
  const { born, by, key } = valuesOf(create);
  await writer.query(CREATE_BESIDE, [...born, create.standalone, by, ...key]);
}

const CREATE_BESIDE_OUTSIDE = waitingWriteCall('create_beside_outside', 15);

/**
 * Creates a session for a caller outside the rollout. Returns false and writes nothing if the task has been guarded
 * before.
 */
export async function createBesideOutside(writer: Writer, create: Omit<CreateBeside, 'standalone'>): Promise<boolean> {
  const { born, by, key } = valuesOf(create);
  const rows = await writer.query<{ readonly created: boolean }>(CREATE_BESIDE_OUTSIDE, [...born, by, ...key]);
  return firstRow(rows).created;
}

function valuesOf({
  slot,
  sessionId,
  identity,
  milestoneId,
  createdBy,
  idempotency,
}: Omit<CreateBeside, 'standalone'>) {
  return {
    born: [
      slot.taskId,
      slot.phase,
      slot.mode,
      sessionId,
      identity.agent,
      identity.variant,
      identity.model,
      identity.resolvedModel,
      JSON.stringify(identity.parameters),
      milestoneId,
    ],
    by: createdBy,
    key: [
      idempotency?.scope ?? null,
      idempotency?.key ?? null,
      idempotency?.requestHash ?? null,
      idempotency === null ? null : JSON.stringify(idempotency.response),
    ],
  };
}

const TASKS_GUARDED: Statement = {
  name: 'tasks_guarded',
  text: 'select t as "taskId" from unnest($1::uuid[]) t where task_is_guarded(t)',
};

/** Returns the tasks in which a slot has ever had a guarded session. A task never loses that property. */
export async function readGuardedTasks(sql: Sql, taskIds: readonly TaskId[]): Promise<TaskId[]> {
  return (await sql.query<{ readonly taskId: TaskId }>(TASKS_GUARDED, [taskIds])).map(({ taskId }) => taskId);
}
