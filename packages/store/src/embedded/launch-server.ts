import { type ChildProcess, spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { pollUntil } from './poll-until.ts';
import { findPostmaster, lockFile, type Postmaster } from './postmaster.ts';
import { serverEnvironment } from './run-program.ts';
import type { ServerAccount } from './server-account.ts';
import { isAnswering } from './server-connection.ts';
import { openServerLog, readServerLog } from './server-log.ts';
import { endOrphanedBackends, serverName } from './server-processes.ts';
import { wayOut } from './way-out.ts';

export type Launch = {
  readonly postgres: string;
  readonly account: ServerAccount;
  readonly cluster: string;
  readonly log: string;
  readonly port: number;
  readonly password: string;
  readonly settings: Readonly<Record<string, string>>;
  /** When aborted, a server that is still starting is stopped. */
  readonly signal?: AbortSignal | undefined;
};

/** Long, because crash recovery can take a while. */
const START_TIMEOUT_MS = 120_000;

export class PortTakenError extends Error {}

/** Starts a detached server, with its own process session and log file, so that it can outlive this process. */
export async function launchServer(launch: Launch): Promise<Postmaster> {
  await endOrphanedBackends(launch.cluster);
  // The lock file is stale, because no server runs here. PostgreSQL could not detect that if its pid is in use again.
  await rm(lockFile(launch.cluster), { force: true });
  const log = await openServerLog(launch.log);
  try {
    const { size } = await log.stat();
    const starting = spawnServer(launch, log.fd);
    const started = () => answeringServer(launch, starting);
    const limits = { timeoutMs: START_TIMEOUT_MS, everyMs: 10, signal: launch.signal };
    const server = await pollUntil(started, limits).catch(async (error: unknown) => {
      await giveUp(starting);
      throw error;
    });
    if (server === undefined || 'reason' in server)
      throw await startError(launch, server?.reason ?? 'does not answer', size);
    return server;
  } finally {
    await log.close();
  }
}

type Starting = { readonly child: ChildProcess; reason?: string };

function spawnServer({ postgres, account, cluster, port, settings }: Launch, log: number): Starting {
  const options = {
    listen_addresses: '127.0.0.1',
    // Socket paths are limited to about 100 characters, which a data directory soon exceeds.
    unix_socket_directories: '',
    max_connections: '200',
    ...settings,
    port: String(port),
    cluster_name: serverName(cluster),
  };
  const args = Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', cluster, ...args], {
    ...account,
    cwd: cluster,
    detached: true,
    env: serverEnvironment(),
    stdio: ['ignore', log, log],
  });
  child.unref();
  const starting: Starting = { child };
  child.once('error', (error) => {
    starting.reason = `cannot be run (${error.message})`;
  });
  child.once('exit', (code, signal) => {
    starting.reason = `ended with ${signal ?? code}`;
  });
  return starting;
}

/** Stops a server that is still starting: without its lock file, no other process could find and stop it. */
async function giveUp(starting: Starting): Promise<void> {
  const ended = async () => (starting.reason === undefined ? undefined : true);
  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    starting.child.kill(signal);
    if (await pollUntil(ended, { timeoutMs: 5_000, everyMs: 10 })) return;
  }
}

async function answeringServer(
  launch: Launch,
  { reason }: Starting,
): Promise<Postmaster | { reason: string } | undefined> {
  if (reason !== undefined) return { reason };
  const postmaster = await findPostmaster(launch.cluster);
  if (postmaster?.status !== 'ready') return undefined;
  return (await isAnswering(launch, launch.cluster)) ? postmaster : undefined;
}

const saysPortTaken = (line: string): boolean =>
  line.includes('could not create any TCP/IP sockets') || (line.includes('could not bind') && line.includes('in use'));

async function startError(launch: Launch, reason: string, since: number): Promise<Error> {
  const said = await readServerLog(launch.log, since);
  if (said.split('\n').some(saysPortTaken)) {
    return new PortTakenError(`Port ${launch.port} is taken. The server log:\n${said}`);
  }
  return new Error(
    `The embedded PostgreSQL in ${launch.cluster} ${reason}. ${launch.log} ends with:\n${said}\n${wayOut}`,
  );
}
