import { readFileSync } from 'node:fs';
import type { Database, Statement } from '@phaselock/store';
import { childrenOf } from '../apps/api/test/shared-data.ts';

const OURS: Statement = { name: 'bench_backend', text: 'select pg_backend_pid() as pid' };

/**
 * The pids of the PostgreSQL server and its current child processes. The CPU time of an ended backend is counted in its
 * parent.
 */
export async function processesOfPostgres(database: Database): Promise<readonly number[]> {
  const [backend] = await database.query<{ pid: number }>(OURS, []);
  const status = readFileSync(`/proc/${backend?.pid}/status`, 'utf8');
  const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
  return [parent, ...(await childrenOf(parent))];
}
