import { spawn } from 'node:child_process';
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
};

/** Recovery after a crash can take its time. */
const START_TIMEOUT_MS = 120_000;

export class PortTakenError extends Error {}

/** Starts a server nobody waits for: it has its own session and its own log, so it outlives us if it has to. */
export async function launchServer(launch: Launch): Promise<Postmaster> {
  await endOrphanedBackends(launch.cluster);
  // Not the server's, or it would be running: PostgreSQL itself could not tell when the pid is another's now.
  await rm(lockFile(launch.cluster), { force: true });
  const log = await openServerLog(launch.log);
  try {
    const { size } = await log.stat();
    const ended = spawnServer(launch, log.fd);
    const started = () => answeringServer(launch, ended);
    const server = await pollUntil(started, { timeoutMs: START_TIMEOUT_MS, everyMs: 10 });
    if (server === undefined || 'reason' in server)
      throw await startError(launch, server?.reason ?? 'does not answer', size);
    return server;
  } finally {
    await log.close();
  }
}

type Ended = { reason?: string };

function spawnServer({ postgres, account, cluster, port, settings }: Launch, log: number): Ended {
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
  const ended: Ended = {};
  child.once('error', (error) => {
    ended.reason = `cannot be run (${error.message})`;
  });
  child.once('exit', (code, signal) => {
    ended.reason = `ended with ${signal ?? code}`;
  });
  return ended;
}

async function answeringServer(launch: Launch, ended: Ended): Promise<Postmaster | { reason: string } | undefined> {
  if (ended.reason !== undefined) return { reason: ended.reason };
  const postmaster = await findPostmaster(launch.cluster);
  if (postmaster?.status !== 'ready') return undefined;
  return (await isAnswering(launch, launch.cluster)) ? postmaster : undefined;
}

const saysPortTaken = (line: string): boolean =>
  line.includes('could not create any TCP/IP sockets') || (line.includes('could not bind') && line.includes('in use'));

async function startError(launch: Launch, reason: string, since: number): Promise<Error> {
  const said = await readServerLog(launch.log, since);
  if (said.split('\n').some(saysPortTaken)) {
    return new PortTakenError(`Port ${launch.port} is taken. The server said:\n${said}`);
  }
  return new Error(
    `The embedded PostgreSQL in ${launch.cluster} ${reason}. ${launch.log} ends with:\n${said}\n${wayOut}`,
  );
}
