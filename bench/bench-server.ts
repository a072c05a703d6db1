import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeEmbeddedPostgres, startEmbeddedPostgres } from '@phaselock/store';

export type BenchServer = AsyncDisposable & { started(): Promise<{ readonly adminUrl: string }> };

/**
 * Opens a PostgreSQL with default settings (fsync on) for the benchmark. It is stopped and removed with its scope, even
 * if the scope ends while the server is still starting.
 */
export async function openBenchServer(): Promise<BenchServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'phaselock-bench-'));
  const starting = startEmbeddedPostgres({ dataDir });
  starting.catch(() => {});
  return {
    started: () => starting,
    async [Symbol.asyncDispose]() {
      const server = await starting.catch(() => undefined);
      await server?.stop();
      await removeEmbeddedPostgres(dataDir);
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
