import { makeApiKey } from '@phaselock/access';
import type { Scope } from '@phaselock/contract';
import type { ProjectId } from '@phaselock/core';
import { createLogger, createTelemetry, silentLogger } from '@phaselock/telemetry';
import { createTestDatabase, createWorld, type World } from '@phaselock/testkit';
import { readConfig } from '../src/config/read-config.ts';
import { type OpenApi, openApi } from '../src/open-api.ts';
import { operationKinds } from '../src/server/build-app.ts';
import { createRequestScope } from '../src/server/request-scope.ts';
import { type Answered, checkedAnswer } from './contract-fetch.ts';

type Asked = {
  readonly body?: unknown;
  readonly text?: string;
  readonly type?: string;
  readonly key?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
};

export type TestApi = AsyncDisposable & {
  readonly api: OpenApi;
  readonly world: World;
  readonly databaseUrl: string;
  readonly key: string;
  call(method: string, path: string, asked?: Asked): Promise<Answered>;
  keyFor(scopes: readonly Scope[], projectId?: ProjectId): Promise<string>;
};

/** Opens the whole service on its own database; tests call it over a socket. */
export async function openTestApi(
  env: Readonly<Record<string, string>> = {},
  databaseUrl?: string,
  logTo?: (line: string) => void,
  stalledAfterMs?: number,
): Promise<TestApi> {
  await using stack = new AsyncDisposableStack();
  const url = databaseUrl ?? stack.use(await createTestDatabase()).url;
  const config = readConfig({
    PHASELOCK_PORT: '0',
    PHASELOCK_DATABASE_URL: url,
    PHASELOCK_RATE_LIMIT: '0',
    // Other tests may keep the machine busy; that must not count as an overload here.
    PHASELOCK_MAX_EVENT_LOOP_DELAY_MS: '60000',
    ...env,
  });
  const scope = createRequestScope();
  const logger =
    logTo === undefined
      ? silentLogger()
      : createLogger({
          service: 'phaselock-api',
          version: '0.0.0',
          environment: config.environment,
          destination: { write: logTo },
          context: () => scope.fields(),
        });
  const api = stack.use(
    await openApi({
      config,
      databaseUrl: url,
      telemetry: createTelemetry({ operations: operationKinds() }),
      logger,
      scope,
      ...(stalledAfterMs !== undefined && { stalledAfterMs }),
    }),
  );
  const keyFor: TestApi['keyFor'] = async (scopes, projectId) => {
    const { key, prefix, secretSha256 } = makeApiKey();
    await api.guard.addApiKey({ prefix, secretSha256, name: 'a test', scopes, projectId: projectId ?? null });
    return key;
  };
  const key = await keyFor(['admin']);
  const call: TestApi['call'] = async (method, path, asked = {}) => {
    const credential = asked.key === undefined ? key : asked.key;
    const text = asked.text ?? (asked.body === undefined ? undefined : JSON.stringify(asked.body));
    const response = await fetch(`${api.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(credential !== null && { Authorization: `Bearer ${credential}` }),
        ...(text !== undefined && { 'Content-Type': asked.type ?? 'application/json' }),
        ...asked.headers,
      },
      ...(text !== undefined && { body: text }),
    });
    return await checkedAnswer(method, path, response);
  };
  const world = databaseUrl === undefined ? await createWorld(api.guard) : await worldOf(api);
  const owned = stack.move();
  return { api, world, databaseUrl: url, key, call, keyFor, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** For a database that is already in use: adds a project, keeps the model catalogue. */
async function worldOf({ guard }: OpenApi): Promise<World> {
  const projectId = await guard.addProject('another project');
  return {
    projectId,
    task: () => guard.addTask(projectId, 'a task'),
    attempt: (taskId) => guard.addAttempt(taskId, { branch: 'attempt/1' }),
  };
}
