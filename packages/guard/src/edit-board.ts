import { type ErrorCode, type ModelId, PhaselockError, type ProfileId, type ProjectId } from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import { commitInTime } from './commit-in-time.ts';
import type { GuardContext } from './context.ts';

/** Projects, models and profiles are part of the cached catalogue view, so an edit drops the cached view. */
const edit = (ctx: GuardContext, missing: ErrorCode, write: () => Promise<boolean>): Promise<void> =>
  answerInTime(ctx, async () => {
    const found = await write();
    ctx.catalogue.forget();
    if (!found) throw new PhaselockError(missing);
  });

export const editProject = (ctx: GuardContext, id: ProjectId, given: store.EditProject): Promise<void> =>
  edit(ctx, 'project_not_found', () => commitInTime(ctx, (db) => store.editProject(db, id, given)));

/**
 * Changes the default model in one transaction, so the agent never has two defaults or none. `store.editModel` opens
 * that transaction itself, so `commitInTime` is not needed.
 */
export const editModel = (ctx: GuardContext, id: ModelId, given: store.EditModel): Promise<void> =>
  edit(ctx, 'model_not_found', () => store.editModel(ctx.database.kysely, id, given));

export const editProfile = (ctx: GuardContext, id: ProfileId, given: store.EditProfile): Promise<void> =>
  edit(ctx, 'profile_not_found', () => commitInTime(ctx, (db) => store.editProfile(db, id, given)));
