import { readFile, rename, writeFile } from 'node:fs/promises';
import { findCluster } from './cluster-path.ts';
import { type DataDirectory, openSharedDirectory } from './data-directory.ts';
import { freePort } from './free-port.ts';
import { type Launch, launchServer, PortTakenError } from './launch-server.ts';
import { makeCluster, removeDrafts } from './make-cluster.ts';
import { findNativePackage } from './native-package.ts';
import { pollUntil } from './poll-until.ts';
import { findPostmaster, type Postmaster } from './postmaster.ts';
import { liveClaims } from './process-claims.ts';
import { serverAccount } from './server-account.ts';
import { isAnswering } from './server-connection.ts';
import { readPassword } from './server-password.ts';
import { serverPrograms } from './server-programs.ts';

/** A running server that answers, with the data for a connection to it. */
export type Server = {
  readonly postmaster: Postmaster;
  readonly cluster: string;
  readonly port: number;
  readonly password: string;
  /** Whether it was already running. */
  readonly joined: boolean;
};

export type BringUp = {
  /** Default: the port of the previous start, or a free one. */
  readonly port?: number;
  /** Server settings; a server that already runs keeps those it was started with. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
  /** Receives warnings for the operator. */
  readonly warn?: (warning: string) => void;
  readonly signal?: AbortSignal;
};

/** Joins the server that runs on the directory, or starts one. Only call it in the directory’s exclusive section. */
export async function bringUpServer(home: DataDirectory, options: BringUp): Promise<Server> {
  const cluster = await findCluster(home.cluster);
  const running = cluster === undefined ? undefined : await joinServer(home, cluster, options);
  return running ?? (await launch(home, cluster, options));
}

async function joinServer(
  home: DataDirectory,
  cluster: string,
  { port, warn, signal }: BringUp,
): Promise<Server | undefined> {
  const password = await readPassword(home.password, warn);
  const found = await pollUntil(
    async () => {
      const postmaster = await findPostmaster(cluster);
      if (postmaster === undefined) return 'none';
      if (postmaster.status !== 'ready') return undefined;
      return (await isAnswering({ port: postmaster.port, password }, cluster)) ? postmaster : undefined;
    },
    { timeoutMs: 60_000, everyMs: 20, signal },
  );
  if (found === undefined)
    throw new Error(`The PostgreSQL on ${cluster} is running but does not answer. Its log: ${home.log}`);
  if (found === 'none') return undefined;
  if (port !== undefined && port !== found.port) {
    throw new Error(`The PostgreSQL on ${home.path} already runs on port ${found.port}, not ${port}.`);
  }
  return { postmaster: found, cluster, port: found.port, password, joined: true };
}

async function launch(home: DataDirectory, existing: string | undefined, options: BringUp): Promise<Server> {
  const { settings = {}, log, signal } = options;
  const { fsync } = settings;
  const account = await serverAccount(existing);
  const { initdb, postgres } = await serverPrograms(
    await findNativePackage(),
    account,
    account ? await openSharedDirectory() : home.path,
  );
  await removeDrafts(home);
  if (existing === undefined) {
    log?.(`embedded PostgreSQL: creating a cluster in ${home.path}`);
    await makeCluster({ home, initdb, account, durable: fsync !== 'off' });
  }
  const cluster = existing ?? (await findCluster(home.cluster));
  if (cluster === undefined) throw new Error(`The cluster in ${home.path} disappeared while it was being created.`);
  const password = await readPassword(home.password);
  return launchOnPort(home, { postgres, account, cluster, log: home.log, password, settings, signal }, options.port);
}

/** Tries other ports if the remembered one is taken, unless the caller or the URL of another process requires it. */
async function launchOnPort(
  home: DataDirectory,
  launch: Omit<Launch, 'port'>,
  named: number | undefined,
): Promise<Server> {
  const { cluster, password } = launch;
  const remembered = Number(await readFile(home.port, 'utf8').catch(() => '0'));
  const inUse = remembered > 0 && (await liveClaims(home.users)).length > 0;
  for (let attempt = 0; ; attempt += 1) {
    const port = named ?? (attempt === 0 && remembered > 0 ? remembered : await freePort());
    try {
      const postmaster = await launchServer({ ...launch, port });
      if (port !== remembered) await rememberPort(home, port);
      return { postmaster, cluster, port, password, joined: false };
    } catch (error) {
      if (!(error instanceof PortTakenError) || named !== undefined || inUse || attempt === 5) throw error;
    }
  }
}

/** Writes the port atomically: on a full disk, the previous number stays. */
async function rememberPort(home: DataDirectory, port: number): Promise<void> {
  await writeFile(`${home.port}.new`, String(port));
  await rename(`${home.port}.new`, home.port);
}
