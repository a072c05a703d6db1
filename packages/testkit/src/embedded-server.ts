import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startEmbeddedPostgres } from '@phaselock/store';
import type { FoundServer } from './found-server.ts';

const REMOVER = fileURLToPath(new URL('./remove-server-after-us.ts', import.meta.url));

const SETTINGS = { fsync: 'off', full_page_writes: 'off', max_connections: '400', log_checkpoints: 'off' };

/** Starts a new server in the temporary directory. Its data need not survive the run, so it never waits for fsync. */
export async function startEmbeddedServer(): Promise<FoundServer> {
  const dataDir = await mkdtemp(join(tmpdir(), 'phaselock-test-'));
  // If root runs the tests, the server runs as another user, which must be able to enter this directory.
  await chmod(dataDir, 0o711);
  const remove = startRemover(dataDir);
  const server = await startEmbeddedPostgres({ dataDir, settings: SETTINGS }).catch(async (error: unknown) => {
    await remove();
    throw error;
  });
  return {
    adminUrl: server.adminUrl,
    stop: async () => {
      await server.stop();
      await remove();
    },
  };
}

/** Starts a process that removes the server once this process ends, even if this process is interrupted or killed. */
function startRemover(dataDir: string): () => Promise<void> {
  const remover = spawn(process.execPath, [REMOVER, dataDir], { detached: true, stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(remover, 'exit');
  return async () => {
    remover.stdin.end();
    await ended;
  };
}
