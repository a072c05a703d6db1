import { join } from 'node:path';
import { openTestGuard, type TestGuard, temporaryDirectory } from '@phaselock/testkit';
import { openWorker, type Worker } from '../src/open-worker.ts';
import { type Config, readConfig } from '../src/settings.ts';

export type TestWorker = AsyncDisposable & {
  readonly home: TestGuard;
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Opens another worker on the same database and folder, as on another machine. */
  another(changes?: Partial<Config>): Promise<Worker>;
};

/** Workers with their own database and folder, and no delays. */
export async function openTestWorker(): Promise<TestWorker> {
  const stack = new AsyncDisposableStack();
  try {
    const home = stack.use(await openTestGuard());
    const { path } = stack.use(await temporaryDirectory());
    const folder = join(path, 'archive');
    const env = {
      PHASELOCK_DATABASE_URL: home.databaseUrl,
      PHASELOCK_DATA_DIR: path,
      PHASELOCK_MIGRATE: 'off',
      PHASELOCK_ARCHIVE_AFTER_HOURS: '0',
      PHASELOCK_PURGE_AFTER_HOURS: '0',
      PHASELOCK_PURGE_SESSIONS_PER_SECOND: '0',
      PHASELOCK_PURGE_METRICS_PORT: '0',
    };
    return {
      home,
      env,
      folder,
      another: async (changes = {}) => stack.use(await openWorker({ ...readConfig(env), ...changes })),
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
