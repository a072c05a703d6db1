import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { pollUntil } from './poll-until.ts';

/** The name the server is given; its backends show it in their process titles. */
export function serverName(cluster: string): string {
  return `phaselock_${createHash('sha256').update(cluster).digest('hex').slice(0, 12)}`;
}

/** The backends of a cluster, those whose postmaster died included. */
export async function backendsOf(cluster: string): Promise<readonly number[]> {
  const title = `postgres: ${serverName(cluster)}: `;
  const commands = await (process.platform === 'linux' ? linuxCommands() : unixCommands());
  return commands.filter(({ command }) => command.startsWith(title)).map(({ pid }) => pid);
}

/**
 * Backends notice the death of their postmaster when they next wait, a long query not before; until they are gone no
 * new server starts on their shared memory. A SIGKILL loses nothing here: the log is replayed in any case.
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
