import { z } from 'zod';
import { type RouteSpec, route } from '../route.ts';
import {
  attempt,
  attemptRequest,
  created,
  model,
  modelEdit,
  modelRequest,
  profile,
  profileEdit,
  profileRequest,
  project,
  projectEdit,
  projectRequest,
  task,
  taskRequest,
} from '../schemas/board.ts';
import { attemptId, modelId, profileId, projectId, taskId } from '../schemas/ids.ts';
import { agent } from '../schemas/model.ts';
import { cursor, limit, pageOf, queryFlag } from '../schemas/page.ts';

const page = { limit, cursor: cursor.exactOptional() };
const MADE = {
  201: { description: 'Created', schema: created, headers: { Location: 'Address of the resource' } },
} as const;
const GONE = { 204: { description: 'Deleted' } } as const;
const EDITED = { 204: { description: 'Changed' } } as const;
const KEY_ERRORS = ['idempotency_key_reused'] as const satisfies RouteSpec['errors'];

const ONLY_EMPTY = 'Refused while other records depend on it, because history is kept.';
const MARKED = 'Its sessions stay visible, marked "Model Not Found"; continuing one is refused.';

export const createProject = route({
  id: 'createProject',
  method: 'post',
  path: '/v1/projects',
  group: 'Board',
  summary: 'Create a project',
  scope: 'admin',
  body: projectRequest,
  takesIdempotencyKey: true,
  answers: MADE,
  errors: KEY_ERRORS,
});
export const listProjects = route({
  id: 'listProjects',
  method: 'get',
  path: '/v1/projects',
  group: 'Board',
  summary: 'List projects, newest first',
  scope: 'sessions:read',
  query: z.strictObject(page),
  answers: { 200: { description: 'A page', schema: pageOf(project, 'Projects').meta({ id: 'ProjectPage' }) } },
  errors: [],
});
export const editProject = route({
  id: 'editProject',
  method: 'put',
  path: '/v1/projects/{projectId}',
  group: 'Board',
  summary: 'Change a project',
  scope: 'admin',
  params: z.strictObject({ projectId }),
  body: projectEdit,
  answers: EDITED,
  errors: ['project_not_found'],
});
export const deleteProject = route({
  id: 'deleteProject',
  method: 'delete',
  path: '/v1/projects/{projectId}',
  group: 'Board',
  summary: 'Delete an empty project',
  description: ONLY_EMPTY,
  scope: 'admin',
  params: z.strictObject({ projectId }),
  answers: GONE,
  errors: ['project_not_found', 'still_in_use'],
});

export const createTask = route({
  id: 'createTask',
  method: 'post',
  path: '/v1/tasks',
  group: 'Board',
  summary: 'Create a task',
  scope: 'sessions:write',
  body: taskRequest,
  takesIdempotencyKey: true,
  answers: MADE,
  errors: ['project_not_found', ...KEY_ERRORS],
});
export const listTasks = route({
  id: 'listTasks',
  method: 'get',
  path: '/v1/tasks',
  group: 'Board',
  summary: 'List the tasks of a project, newest first',
  scope: 'sessions:read',
  query: z.strictObject({ projectId, ...page }),
  answers: { 200: { description: 'A page', schema: pageOf(task, 'Tasks').meta({ id: 'TaskPage' }) } },
  errors: ['project_not_found'],
});
export const getTask = route({
  id: 'getTask',
  method: 'get',
  path: '/v1/tasks/{taskId}',
  group: 'Board',
  summary: 'Get a task',
  scope: 'sessions:read',
  params: z.strictObject({ taskId }),
  answers: { 200: { description: 'The task', schema: task } },
  errors: ['task_not_found'],
});
export const deleteTask = route({
  id: 'deleteTask',
  method: 'delete',
  path: '/v1/tasks/{taskId}',
  group: 'Board',
  summary: 'Delete a task that never had a session',
  description: ONLY_EMPTY,
  scope: 'sessions:write',
  params: z.strictObject({ taskId }),
  answers: GONE,
  errors: ['task_not_found', 'still_in_use'],
});

export const createAttempt = route({
  id: 'createAttempt',
  method: 'post',
  path: '/v1/attempts',
  group: 'Board',
  summary: 'Create an attempt at a task',
  scope: 'sessions:write',
  body: attemptRequest,
  takesIdempotencyKey: true,
  answers: MADE,
  errors: ['task_not_found', ...KEY_ERRORS],
});
export const listAttempts = route({
  id: 'listAttempts',
  method: 'get',
  path: '/v1/attempts',
  group: 'Board',
  summary: 'List the attempts at a task, newest first',
  scope: 'sessions:read',
  query: z.strictObject({ taskId, ...page }),
  answers: { 200: { description: 'A page', schema: pageOf(attempt, 'Attempts').meta({ id: 'AttemptPage' }) } },
  errors: ['task_not_found'],
});
export const deleteAttempt = route({
  id: 'deleteAttempt',
  method: 'delete',
  path: '/v1/attempts/{attemptId}',
  group: 'Board',
  summary: 'Delete an attempt without processes',
  description: ONLY_EMPTY,
  scope: 'sessions:write',
  params: z.strictObject({ attemptId }),
  answers: GONE,
  errors: ['attempt_not_found', 'still_in_use'],
});

const catalogueQuery = z.strictObject({
  agent: agent.exactOptional(),
  includeDeleted: queryFlag('Deleted entries are included only if this is `true`').exactOptional(),
  ...page,
});

export const createModel = route({
  id: 'createModel',
  method: 'post',
  path: '/v1/models',
  group: 'Catalogue',
  summary: 'Add a model',
  scope: 'admin',
  body: modelRequest,
  takesIdempotencyKey: true,
  answers: MADE,
  errors: ['already_exists', ...KEY_ERRORS],
});
export const listModels = route({
  id: 'listModels',
  method: 'get',
  path: '/v1/models',
  group: 'Catalogue',
  summary: 'List models, newest first',
  scope: 'sessions:read',
  query: catalogueQuery,
  answers: { 200: { description: 'A page', schema: pageOf(model, 'Models').meta({ id: 'ModelPage' }) } },
  errors: [],
});
export const editModel = route({
  id: 'editModel',
  method: 'put',
  path: '/v1/models/{modelId}',
  group: 'Catalogue',
  summary: 'Change the target of an alias, or make a model the default',
  description: 'One call changes the default, so that the agent never has two defaults, or none.',
  scope: 'admin',
  params: z.strictObject({ modelId }),
  body: modelEdit,
  answers: EDITED,
  errors: ['model_not_found'],
});
export const deleteModel = route({
  id: 'deleteModel',
  method: 'delete',
  path: '/v1/models/{modelId}',
  group: 'Catalogue',
  summary: 'Delete a model',
  description: MARKED,
  scope: 'admin',
  params: z.strictObject({ modelId }),
  answers: GONE,
  errors: ['model_not_found'],
});

export const createProfile = route({
  id: 'createProfile',
  method: 'post',
  path: '/v1/profiles',
  group: 'Catalogue',
  summary: 'Add a profile',
  scope: 'admin',
  body: profileRequest,
  takesIdempotencyKey: true,
  answers: MADE,
  errors: ['already_exists', ...KEY_ERRORS],
});
export const listProfiles = route({
  id: 'listProfiles',
  method: 'get',
  path: '/v1/profiles',
  group: 'Catalogue',
  summary: 'List profiles, newest first',
  scope: 'sessions:read',
  query: catalogueQuery,
  answers: { 200: { description: 'A page', schema: pageOf(profile, 'Profiles').meta({ id: 'ProfilePage' }) } },
  errors: [],
});
export const editProfile = route({
  id: 'editProfile',
  method: 'put',
  path: '/v1/profiles/{profileId}',
  group: 'Catalogue',
  summary: 'Change the model or the parameters of a profile',
  scope: 'admin',
  params: z.strictObject({ profileId }),
  body: profileEdit,
  answers: EDITED,
  errors: ['profile_not_found'],
});
export const deleteProfile = route({
  id: 'deleteProfile',
  method: 'delete',
  path: '/v1/profiles/{profileId}',
  group: 'Catalogue',
  summary: 'Delete a profile',
  description: MARKED,
  scope: 'admin',
  params: z.strictObject({ profileId }),
  answers: GONE,
  errors: ['profile_not_found'],
});
