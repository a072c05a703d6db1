import {
  type AttemptId,
  type ErrorCode,
  type ModelId,
  PhaselockError,
  type ProfileId,
  type ProjectId,
  type TaskId,
} from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';

function demandDeleted(outcome: store.DeletedRow, missing: ErrorCode): void {
  switch (outcome) {
    case 'deleted':
      return;
    case 'in-use':
      throw new PhaselockError('still_in_use');
    case 'not-found':
      throw new PhaselockError(missing);
  }
}

/** Deletes a project only if nothing refers to it, so that no history is deleted with it. */
export const deleteProject = (ctx: GuardContext, id: ProjectId): Promise<void> =>
  answerInTime(ctx, async () => demandDeleted(await store.deleteProject(ctx.database.kysely, id), 'project_not_found'));

export const deleteTask = (ctx: GuardContext, id: TaskId): Promise<void> =>
  answerInTime(ctx, async () => {
    demandDeleted(await store.deleteTask(ctx.database.kysely, id), 'task_not_found');
    ctx.owners.forget({ kind: 'task', id });
  });

export const deleteAttempt = (ctx: GuardContext, id: AttemptId): Promise<void> =>
  answerInTime(ctx, async () => {
    demandDeleted(await store.deleteAttempt(ctx.database.kysely, id), 'attempt_not_found');
    ctx.owners.forget({ kind: 'attempt', id });
  });

/** Sessions of the model stay, marked "Model Not Found". */
export const removeModel = (ctx: GuardContext, id: ModelId): Promise<void> =>
  answerInTime(ctx, async () => {
    const removed = await store.removeModel(ctx.database.kysely, id);
    ctx.catalogue.forget();
    if (!removed) throw new PhaselockError('model_not_found');
  });

export const removeProfile = (ctx: GuardContext, id: ProfileId): Promise<void> =>
  answerInTime(ctx, async () => {
    const removed = await store.removeProfile(ctx.database.kysely, id);
    ctx.catalogue.forget();
    if (!removed) throw new PhaselockError('profile_not_found');
  });
