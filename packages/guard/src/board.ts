import type { Agent, AttemptId, ModelId, Parameters, ProfileId, ProjectId, TaskId } from '@phaselock/core';
import { deadlineIn } from '@phaselock/locking';
import * as store from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { answering } from './failures.ts';
import { newAttemptId, newModelId, newProfileId, newProjectId, newTaskId } from './new-ids.ts';

/** What sessions hang on: projects, tasks, attempts, and the catalogue of models and profiles. */
const run = <T>(ctx: GuardContext, work: () => Promise<T>): Promise<T> =>
  answering(ctx, deadlineIn(ctx.settings.deadlineMs, ctx.now), 'unexpected', work);

export const addProject = (ctx: GuardContext, name: string): Promise<ProjectId> =>
  run(ctx, async () => {
    const id = newProjectId(ctx);
    await store.addProject(ctx.database.kysely, { id, name });
    return id;
  });

export const addTask = (ctx: GuardContext, projectId: ProjectId, title: string): Promise<TaskId> =>
  run(ctx, async () => {
    const id = newTaskId(ctx);
    await store.addTask(ctx.database.kysely, { id, projectId, title });
    return id;
  });

export const addAttempt = (
  ctx: GuardContext,
  taskId: TaskId,
  at: { branch?: string; worktree?: string } = {},
): Promise<AttemptId> =>
  run(ctx, async () => {
    const id = newAttemptId(ctx);
    await store.addAttempt(ctx.database.kysely, {
      id,
      taskId,
      branch: at.branch ?? null,
      worktree: at.worktree ?? null,
    });
    return id;
  });

export type NewModel = {
  readonly agent: Agent;
  readonly name: string;
  readonly isDefault?: boolean;
  readonly standsFor?: string;
};

export const addModel = (ctx: GuardContext, { agent, name, isDefault, standsFor }: NewModel): Promise<ModelId> =>
  run(ctx, async () => {
    const id = newModelId(ctx);
    await store.addModel(ctx.database.kysely, {
      id,
      agent,
      name,
      isDefault: isDefault ?? false,
      standsFor: standsFor ?? null,
    });
    ctx.catalogue.forget();
    return id;
  });

export type NewProfile = {
  readonly agent: Agent;
  readonly variant: string;
  readonly model?: string;
  readonly parameters?: Parameters;
};

export const addProfile = (ctx: GuardContext, { agent, variant, model, parameters }: NewProfile): Promise<ProfileId> =>
  run(ctx, async () => {
    const id = newProfileId(ctx);
    await store.addProfile(ctx.database.kysely, {
      id,
      agent,
      variant,
      model: model ?? null,
      parameters: parameters ?? {},
    });
    ctx.catalogue.forget();
    return id;
  });

/** Its sessions stay, marked "Model Not Found". False when there was no such model. */
export const deleteModel = (ctx: GuardContext, agent: Agent, name: string): Promise<boolean> =>
  run(ctx, async () => {
    const deleted = await store.deleteModel(ctx.database.kysely, agent, name);
    ctx.catalogue.forget();
    return deleted;
  });

export const deleteProfile = (ctx: GuardContext, agent: Agent, variant: string): Promise<boolean> =>
  run(ctx, async () => {
    const deleted = await store.deleteProfile(ctx.database.kysely, agent, variant);
    ctx.catalogue.forget();
    return deleted;
  });
