import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { pollUntil } from './poll-until.ts';

/** The `cluster_name` of the server, which its backends show in their process titles. */
export function serverName(cluster: string): string {
  return `phaselock_${createHash('sha256').update(cluster).digest('hex').slice(0, 12)}`;
}

/** The pids of the backends of a cluster, including orphaned ones. */
export async function backendsOf(cluster: string): Promise<readonly number[]> {
  const title = `postgres: ${serverName(cluster)}: `;
  const commands = await (process.platform === 'linux' ? linuxCommands() : unixCommands());
  return commands.filter(({ command }) => command.startsWith(title)).map(({ pid }) => pid);
}

/**
 * Kills backends that outlived their postmaster. A backend notices its death only when it next waits, which a long
 * query delays, and no server starts while they hold its shared memory. SIGKILL loses no data, because the next start
 * replays the write-ahead log anyway.
 */
export async function endOrphanedBackends(cluster: string): Promise<void> {
  const gone = async () => ((await backendsOf(cluster)).length === 0 ? true : undefined);
  if (await pollUntil(gone, { timeoutMs: 500, everyMs: 20 })) return;
  for (const pid of await backendsOf(cluster)) endNow(pid);
  await pollUntil(gone, { timeoutMs: 5_000, everyMs: 20 });
}

export function endNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

type Command = { readonly pid: number; readonly command: string };

async function linuxCommands(): Promise<readonly Command[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  return Promise.all(
    pids.map(async (pid) => ({
      pid: Number(pid),
      command: await readFile(`/proc/${pid}/cmdline`, 'latin1').catch(() => ''),
    })),
  );
}

async function unixCommands(): Promise<readonly Command[]> {
  if (process.platform === 'win32') return [];
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,args=']);
  return stdout.split('\n').map((line) => {
    const [, pid = '0', command = ''] = /^\s*(\d+)\s+(\S.*)$/.exec(line) ?? [];
    return { pid: Number(pid), command };
  });
}
