import type { RouteSpec } from '../route.ts';
import type { OperationId } from '../routes.ts';
import type { JsonObject, SchemaCollector } from './json-schemas.ts';

/**
 * Values by the parameter name under which other operations take them. Each is given by its place in the answer or in
 * the answered request (OpenAPI runtime expression).
 */
export type Told = Readonly<Record<string, string>>;

const answer = (pointer: string): string => `$response.body#${pointer}`;
const request = (pointer: string): string => `$request.body#${pointer}`;
const path = (name: string): string => `$request.path.${name}`;

/** The values in an operation's successful answer that other operations take as parameters. */
export const TOLD: Partial<Readonly<Record<OperationId, Told>>> = {
  createProject: { projectId: answer('/id') },
  createTask: { taskId: answer('/id'), projectId: request('/projectId') },
  createAttempt: { attemptId: answer('/id'), taskId: request('/taskId') },
  createModel: { modelId: answer('/id') },
  createProfile: { profileId: answer('/id') },
  createApiKey: { apiKeyId: answer('/id') },
  startSession: {
    sessionId: answer('/session/id'),
    generation: answer('/session/generation'),
    taskId: answer('/session/taskId'),
  },
  beginStandalone: { sessionId: answer('/id'), generation: answer('/generation'), taskId: answer('/taskId') },
  getSession: { sessionId: path('sessionId'), generation: answer('/generation'), taskId: answer('/taskId') },
  startTurn: {
    sessionId: answer('/session/sessionId'),
    generation: answer('/session/generation'),
    processId: answer('/processId'),
    attemptId: request('/attemptId'),
  },
  listProjects: { projectId: answer('/items/0/id') },
  listTasks: { taskId: answer('/items/0/id'), projectId: answer('/items/0/projectId') },
  listAttempts: { attemptId: answer('/items/0/id'), taskId: answer('/items/0/taskId') },
  listModels: { modelId: answer('/items/0/id') },
  listProfiles: { profileId: answer('/items/0/id') },
  listFlags: { name: answer('/items/0/name') },
  listSessions: {
    sessionId: answer('/items/0/id'),
    generation: answer('/items/0/generation'),
    taskId: answer('/items/0/taskId'),
  },
  listArchives: { sessionId: answer('/items/0/sessionId'), taskId: path('taskId') },
  sessionProcesses: { processId: answer('/items/0/id'), sessionId: path('sessionId') },
};

/**
 * Links an operation to each operation whose path parameters the answer provides. The required query parameters and
 * body fields that the answer provides are passed as well.
 */
export function linksFrom(from: RouteSpec, routes: readonly RouteSpec[], schemas: SchemaCollector): JsonObject {
  const told = new Map<string, Told>(Object.entries(TOLD)).get(from.id);
  if (told === undefined) return {};
  return Object.fromEntries(
    routes.flatMap((route): [string, JsonObject][] => {
      const inAddress = namesIn(route.path);
      if (!inAddress.every((name) => name in told)) return [];
      const parameters = pick(told, [...inAddress, ...requiredOf(route.query, schemas)]);
      const body = pick(told, requiredOf(route.body, schemas));
      const asksInBody = Object.keys(body).length > 0;
      if (!asksInBody && Object.keys(parameters).length === 0) return [];
      return [[route.id, { operationId: route.id, parameters, ...(asksInBody && { requestBody: body }) }]];
    }),
  );
}

const namesIn = (address: string): string[] => [...address.matchAll(/\{(\w+)\}/g)].flatMap(([, name = '']) => name);

const REF = '#/components/schemas/';

function requiredOf(schema: RouteSpec['body'], schemas: SchemaCollector): string[] {
  if (schema === undefined) return [];
  const written = schemas.schemaOf(schema, 'input');
  const named = typeof written.$ref === 'string' ? schemas.components()[written.$ref.slice(REF.length)] : written;
  const required = named?.required;
  return Array.isArray(required) ? required.filter((name) => typeof name === 'string') : [];
}

const pick = (told: Told, names: readonly string[]): Record<string, string> =>
  Object.fromEntries(Object.entries(told).filter(([name]) => names.includes(name)));
