import {
  type Agent,
  type AttemptId,
  type ModelId,
  type Parameters,
  type ProfileId,
  type ProjectId,
  parseAttemptId,
  parseModelId,
  parseProfileId,
  parseProjectId,
  parseTaskId,
  type TaskId,
} from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { type IdempotencyKey, makeOnce } from './idempotency.ts';
import { newAttemptId, newModelId, newProfileId, newProjectId, newTaskId } from './new-ids.ts';

/** Adds and deletes what sessions refer to: projects, tasks, attempts, and the catalogue of models and profiles. */

type Once = { readonly idempotencyKey?: IdempotencyKey };

type ProjectOptions = Once & { readonly unlistedModels?: store.UnlistedModels };

export const addProject = (
  ctx: GuardContext,
  name: string,
  { idempotencyKey, unlistedModels }: ProjectOptions = {},
): Promise<ProjectId> =>
  answerInTime(ctx, async () => {
    const id = newProjectId(ctx);
    const project = { id, name, ...(unlistedModels !== undefined && { unlistedModels }) };
    const insert = (db: Db) => store.addProject(db, project);
    const made = await makeOnce(ctx, idempotencyKey, parseProjectId, { id, insert });
    if (unlistedModels === 'refused') ctx.catalogue.forget();
    return made;
  });

export const addTask = (
  ctx: GuardContext,
  projectId: ProjectId,
  title: string,
  { idempotencyKey }: Once = {},
): Promise<TaskId> =>
  answerInTime(ctx, () => {
    const id = newTaskId(ctx);
    const insert = (db: Db) => store.addTask(db, { id, projectId, title });
    return makeOnce(ctx, idempotencyKey, parseTaskId, { id, insert });
  });

type Db = GuardContext['database']['kysely'];

export const addAttempt = (
  ctx: GuardContext,
  taskId: TaskId,
  { branch = null, worktree = null, idempotencyKey }: { branch?: string | null; worktree?: string | null } & Once = {},
): Promise<AttemptId> =>
  answerInTime(ctx, () => {
    const id = newAttemptId(ctx);
    const insert = (db: Db) => store.addAttempt(db, { id, taskId, branch, worktree });
    return makeOnce(ctx, idempotencyKey, parseAttemptId, { id, insert });
  });

export type NewModel = Once & {
  readonly agent: Agent;
  readonly name: string;
  readonly isDefault?: boolean;
  readonly standsFor?: string;
};

export const addModel = (ctx: GuardContext, given: NewModel): Promise<ModelId> =>
  answerInTime(ctx, async () => {
    const { agent, name, isDefault = false, standsFor = null, idempotencyKey } = given;
    const id = newModelId(ctx);
    const insert = (db: Db) => store.addModel(db, { id, agent, name, isDefault, standsFor });
    const made = await makeOnce(ctx, idempotencyKey, parseModelId, { id, insert });
    ctx.catalogue.forget();
    return made;
  });

export type NewProfile = Once & {
  readonly agent: Agent;
  readonly variant: string;
  readonly model?: string;
  readonly parameters?: Parameters;
};

export const addProfile = (ctx: GuardContext, given: NewProfile): Promise<ProfileId> =>
  answerInTime(ctx, async () => {
    const { agent, variant, model = null, parameters = {}, idempotencyKey } = given;
    const id = newProfileId(ctx);
    const insert = (db: Db) => store.addProfile(db, { id, agent, variant, model, parameters });
    const made = await makeOnce(ctx, idempotencyKey, parseProfileId, { id, insert });
    ctx.catalogue.forget();
    return made;
  });

/** Sessions of the model stay, marked "Model Not Found". Returns false if there was no such model. */
export const deleteModel = (ctx: GuardContext, agent: Agent, name: string): Promise<boolean> =>
  answerInTime(ctx, async () => {
    const deleted = await store.deleteModel(ctx.database.kysely, agent, name);
    ctx.catalogue.forget();
    return deleted;
  });

export const deleteProfile = (ctx: GuardContext, agent: Agent, variant: string): Promise<boolean> =>
  answerInTime(ctx, async () => {
    const deleted = await store.deleteProfile(ctx.database.kysely, agent, variant);
    ctx.catalogue.forget();
    return deleted;
  });
