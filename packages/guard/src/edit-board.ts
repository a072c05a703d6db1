import { type ErrorCode, type ModelId, PhaselockError, type ProfileId, type ProjectId } from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import { commitInTime } from './commit-in-time.ts';
import type { GuardContext } from './context.ts';

/** Each is in the catalogue that this process decides with, so it is read anew. */
const edit = (ctx: GuardContext, missing: ErrorCode, write: () => Promise<boolean>): Promise<void> =>
  answerInTime(ctx, async () => {
    const found = await write();
    ctx.catalogue.forget();
    if (!found) throw new PhaselockError(missing);
  });

export const editProject = (ctx: GuardContext, id: ProjectId, given: store.EditProject): Promise<void> =>
  edit(ctx, 'project_not_found', () => commitInTime(ctx, (db) => store.editProject(db, id, given)));

/** Another default is one call: at no time the agent has two, or none. A transaction by itself, so its commit is in time, too. */
export const editModel = (ctx: GuardContext, id: ModelId, given: store.EditModel): Promise<void> =>
  edit(ctx, 'model_not_found', () => store.editModel(ctx.database.kysely, id, given));

export const editProfile = (ctx: GuardContext, id: ProfileId, given: store.EditProfile): Promise<void> =>
  edit(ctx, 'profile_not_found', () => commitInTime(ctx, (db) => store.editProfile(db, id, given)));
