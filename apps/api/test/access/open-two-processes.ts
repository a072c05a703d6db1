import { join } from 'node:path';
import { createTelemetry, silentLogger } from '@phaselock/telemetry';
import { createTestDatabase, createWorld, SONNET, temporaryDirectory } from '@phaselock/testkit';
import { expect } from 'vitest';
import { readConfig } from '../../src/config/read-config.ts';
import { type OpenApi, openApi } from '../../src/open-api.ts';
import { operationKinds } from '../../src/server/build-app.ts';
import { createRequestScope } from '../../src/server/request-scope.ts';
import { listField, textField } from '../fields.ts';
import { openTestApi, type TestApi } from '../open-test-api.ts';

/**
 * Intervals of the credential checks: so short that no test waits for one, or so long that none happens during a test.
 */
const OFTEN_MS = 20;
export const NEVER_MS = 3_600_000;

export type TwoProcesses = AsyncDisposable & {
  /** The API that serves the long-running responses. */
  readonly ours: OpenApi;
  /** A second API. `ours` sees a change made through it only by querying the database. */
  readonly other: TestApi;
  readonly folder: string;
  openMore(recheckMs: number): Promise<OpenApi>;
  query(sql: string): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>;
  follow(path: string, credential: string, at?: OpenApi): Promise<Response>;
  /** The path of the change stream of a new task. */
  changes(): Promise<string>;
  /** Starts a session and returns its id. */
  begin(taskId: string): Promise<string>;
  revoke(key: string, at: OpenApi): Promise<void>;
};

/** Opens two APIs on one database, as two processes of the service would be, and an archive. */
export async function openTwoProcesses(env: Readonly<Record<string, string>> = {}): Promise<TwoProcesses> {
  await using stack = new AsyncDisposableStack();
  const { url } = stack.use(await createTestDatabase());
  const folder = join(stack.use(await temporaryDirectory()).path, 'archive');
  const other = stack.use(await openTestApi({}, url));
  await createWorld(other.api.guard);
  const openMore = (recheckMs: number): Promise<OpenApi> =>
    openRechecking(url, recheckMs, { PHASELOCK_ARCHIVE_URL: `folder:${folder}`, ...env });
  const ours = stack.use(await openMore(OFTEN_MS));
  const owned = stack.move();
  return {
    ours,
    other,
    folder,
    openMore,
    query: (sql) => other.api.guard.database.pool.pg.query(sql),
    follow: (path, credential, at = ours) => fetch(`${at.url}${path}`, { headers: bearer(credential) }),
    changes: async () => `/v1/tasks/${await other.world.task()}/changes`,
    begin: async (taskId) => {
      const model = { agent: 'claude-code', model: SONNET };
      const { body } = await other.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model } });
      return textField(body, 'session.id');
    },
    revoke: (key, at) => revokeAt(at.url, key, other.key),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const bearer = (credential: string) => ({ Authorization: `Bearer ${credential}` });

/** The prefix by which the row of a key is found. */
export const prefixOf = (key: string): string => key.slice(4, 16);

const openRechecking = (databaseUrl: string, recheckMs: number, env: Readonly<Record<string, string>>) =>
  openApi({
    config: readConfig({
      PHASELOCK_PORT: '0',
      PHASELOCK_DATABASE_URL: databaseUrl,
      PHASELOCK_RATE_LIMIT: '0',
      PHASELOCK_MAX_EVENT_LOOP_DELAY_MS: '60000',
      ...env,
    }),
    databaseUrl,
    telemetry: createTelemetry({ operations: operationKinds() }),
    logger: silentLogger(),
    scope: createRequestScope(),
    recheckMs,
  });

async function revokeAt(url: string, key: string, adminKey: string): Promise<void> {
  const headers = bearer(adminKey);
  const list: unknown = await (await fetch(`${url}/v1/admin/api-keys?limit=200`, { headers })).json();
  const row = listField(list, 'items').find((item) => textField(item, 'prefix') === prefixOf(key));
  const answer = await fetch(`${url}/v1/admin/api-keys/${textField(row, 'id')}`, { method: 'DELETE', headers });
  expect(answer.status).toBe(204);
}
