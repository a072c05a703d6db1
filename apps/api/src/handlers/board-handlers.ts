import { ROUTES } from '@phaselock/contract';
import { parseAttemptId, parseModelId, parseProfileId, parseProjectId, parseTaskId } from '@phaselock/core';
import type { IdempotencyKey } from '@phaselock/guard';
import { answerPage } from '../server/answer-page.ts';
import { created, NO_CONTENT, ok } from '../server/answers.ts';
import { handle } from '../server/handle.ts';
import { attemptView, modelRowView, profileView, projectView, taskView } from '../views/board-view.ts';
import type { ApiContext } from './api-context.ts';
import { placeOf } from './place.ts';

const made = (place: string, id: string) => created({ id }, `${place}/${id}`);
const once = (idempotencyKey: IdempotencyKey | undefined) => (idempotencyKey === undefined ? {} : { idempotencyKey });

export const boardHandlers = ({ guard }: ApiContext) => ({
  createProject: handle(ROUTES.createProject, async ({ body, idempotencyKey }) =>
    made(
      '/v1/projects',
      await guard.addProject(body.name, {
        ...once(idempotencyKey),
        ...(body.unlistedModels && { unlistedModels: body.unlistedModels }),
      }),
    ),
  ),
  editProject: handle(ROUTES.editProject, async ({ params, body }) => {
    await guard.editProject(params.projectId, body);
    return NO_CONTENT;
  }),
  listProjects: handle(ROUTES.listProjects, async ({ query, caller }) => {
    const { limit, cursor } = query;
    const only = caller.projectId === null ? {} : { only: caller.projectId };
    const page = await guard.listProjects(only, { limit, ...placeOf(cursor, parseProjectId) });
    return answerPage(page, projectView, ({ id }) => id);
  }),
  deleteProject: handle(ROUTES.deleteProject, async ({ params }) => {
    await guard.deleteProject(params.projectId);
    return NO_CONTENT;
  }),

  createTask: handle(ROUTES.createTask, async ({ body, idempotencyKey }) =>
    made('/v1/tasks', await guard.addTask(body.projectId, body.title, once(idempotencyKey))),
  ),
  listTasks: handle(ROUTES.listTasks, async ({ query }) => {
    const { projectId, limit, cursor } = query;
    await guard.project(projectId);
    const page = await guard.listTasks({ projectId }, { limit, ...placeOf(cursor, parseTaskId) });
    return answerPage(page, taskView, ({ id }) => id);
  }),
  getTask: handle(ROUTES.getTask, async ({ params }) => ok(taskView(await guard.task(params.taskId)))),
  deleteTask: handle(ROUTES.deleteTask, async ({ params }) => {
    await guard.deleteTask(params.taskId);
    return NO_CONTENT;
  }),

  createAttempt: handle(ROUTES.createAttempt, async ({ body, idempotencyKey }) => {
    const { taskId, ...at } = body;
    return made('/v1/attempts', await guard.addAttempt(taskId, { ...at, ...once(idempotencyKey) }));
  }),
  listAttempts: handle(ROUTES.listAttempts, async ({ query }) => {
    const { taskId, limit, cursor } = query;
    await guard.task(taskId);
    const page = await guard.listAttempts({ taskId }, { limit, ...placeOf(cursor, parseAttemptId) });
    return answerPage(page, attemptView, ({ id }) => id);
  }),
  deleteAttempt: handle(ROUTES.deleteAttempt, async ({ params }) => {
    await guard.deleteAttempt(params.attemptId);
    return NO_CONTENT;
  }),

  createModel: handle(ROUTES.createModel, async ({ body, idempotencyKey }) =>
    made('/v1/models', await guard.addModel({ ...body, ...once(idempotencyKey) })),
  ),
  listModels: handle(ROUTES.listModels, async ({ query }) => {
    const { limit, cursor, ...filter } = query;
    const page = await guard.listModels(filter, { limit, ...placeOf(cursor, parseModelId) });
    return answerPage(page, modelRowView, ({ id }) => id);
  }),
  editModel: handle(ROUTES.editModel, async ({ params, body }) => {
    await guard.editModel(params.modelId, body);
    return NO_CONTENT;
  }),
  deleteModel: handle(ROUTES.deleteModel, async ({ params }) => {
    await guard.removeModel(params.modelId);
    return NO_CONTENT;
  }),

  createProfile: handle(ROUTES.createProfile, async ({ body, idempotencyKey }) =>
    made('/v1/profiles', await guard.addProfile({ ...body, ...once(idempotencyKey) })),
  ),
  listProfiles: handle(ROUTES.listProfiles, async ({ query }) => {
    const { limit, cursor, ...filter } = query;
    const page = await guard.listProfiles(filter, { limit, ...placeOf(cursor, parseProfileId) });
    return answerPage(page, profileView, ({ id }) => id);
  }),
  editProfile: handle(ROUTES.editProfile, async ({ params, body }) => {
    await guard.editProfile(params.profileId, body);
    return NO_CONTENT;
  }),
  deleteProfile: handle(ROUTES.deleteProfile, async ({ params }) => {
    await guard.removeProfile(params.profileId);
    return NO_CONTENT;
  }),
});
