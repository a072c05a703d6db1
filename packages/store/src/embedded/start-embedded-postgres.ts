import { readFile, writeFile } from 'node:fs/promises';
import { findCluster } from './cluster-path.ts';
import { type DataDirectory, openDataDirectory, openSharedDirectory } from './data-directory.ts';
import { runExclusively } from './exclusive-section.ts';
import { freePort } from './free-port.ts';
import { type Launch, launchServer, PortTakenError } from './launch-server.ts';
import { makeCluster, removeDrafts } from './make-cluster.ts';
import { findNativePackage } from './native-package.ts';
import { pollUntil } from './poll-until.ts';
import { findPostmaster, type Postmaster } from './postmaster.ts';
import { type Claim, liveClaims, makeClaim } from './process-claims.ts';
import { serverAccount } from './server-account.ts';
import { DATABASE, ensureDatabase, isAnswering, serverUrl } from './server-connection.ts';
import { readPassword } from './server-password.ts';
import { serverPrograms } from './server-programs.ts';
import { killServer, stopServer } from './stop-server.ts';

export type EmbeddedPostgresOptions = {
  /** Kept between starts. Everything of the server is in it, or linked from it. */
  readonly dataDir: string;
  /** Without one a free port is chosen and remembered. */
  readonly port?: number;
  /** Server settings; a server that already runs keeps those it was started with. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
  /** What somebody has to look at; a warning of the process unless given. */
  readonly warn?: (warning: string) => void;
};

export type EmbeddedPostgres = AsyncDisposable & {
  /** The database `phaselock`. */
  readonly url: string;
  /** The database `postgres`. Both URLs are of the superuser. */
  readonly adminUrl: string;
  readonly dataDir: string;
  readonly pid: number;
  /** Whether the server was running already. */
  readonly reused: boolean;
  /** Ends our use of the server, and the server with its last user. */
  stop(): Promise<void>;
  /** For tests: ends the server as a crash would, for all its users. */
  killHard(): Promise<void>;
};

/** Longer than any start, for it is what a process waits while another one starts the server. */
const TURN_TIMEOUT_MS = 180_000;

/** Starts a PostgreSQL of our own on loopback, or joins the one that already runs on the directory. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = await openDataDirectory(options.dataDir);
  return runExclusively(home.changing, TURN_TIMEOUT_MS, async () => {
    const cluster = await findCluster(home.cluster);
    const running = cluster === undefined ? undefined : await joinServer(home, cluster, options);
    const server = running ?? (await launch(home, cluster, options));
    const use = await makeClaim(home.users);
    try {
      await ensureDatabase(server);
    } catch (error) {
      await leave(home, use, server);
      throw error;
    }
    options.log?.(
      `embedded PostgreSQL ${running ? 'joined' : 'started'}: pid ${server.postmaster.pid}, port ${server.port}`,
    );
    return handle(home, server, use, running !== undefined);
  });
}

const warnOfProcess = (warning: string): void => process.emitWarning(warning);

type Server = {
  readonly postmaster: Postmaster;
  readonly cluster: string;
  readonly port: number;
  readonly password: string;
};

async function joinServer(
  home: DataDirectory,
  cluster: string,
  { port, warn = warnOfProcess }: EmbeddedPostgresOptions,
): Promise<Server | undefined> {
  const password = await readPassword(home.password, warn);
  const found = await pollUntil(
    async () => {
      const postmaster = await findPostmaster(cluster);
      if (postmaster === undefined) return 'none';
      if (postmaster.status !== 'ready') return undefined;
      return (await isAnswering({ port: postmaster.port, password }, cluster)) ? postmaster : undefined;
    },
    { timeoutMs: 60_000, everyMs: 20 },
  );
  if (found === undefined)
    throw new Error(`The PostgreSQL on ${cluster} runs but does not answer. Its log: ${home.log}`);
  if (found === 'none') return undefined;
  if (port !== undefined && port !== found.port) {
    throw new Error(`The PostgreSQL on ${home.path} already runs on port ${found.port}, not ${port}.`);
  }
  return { postmaster: found, cluster, port: found.port, password };
}

async function launch(
  home: DataDirectory,
  existing: string | undefined,
  options: EmbeddedPostgresOptions,
): Promise<Server> {
  const { settings = {}, log } = options;
  const { fsync } = settings;
  const account = await serverAccount(existing);
  const { initdb, postgres } = await serverPrograms(
    await findNativePackage(),
    account,
    account ? await openSharedDirectory() : home.path,
  );
  await removeDrafts(home);
  if (existing === undefined) {
    log?.(`embedded PostgreSQL: making a cluster in ${home.path}`);
    await makeCluster({ home, initdb, account, durable: fsync !== 'off' });
  }
  const cluster = existing ?? (await findCluster(home.cluster));
  if (cluster === undefined) throw new Error(`The cluster in ${home.path} vanished while it was being made.`);
  const password = await readPassword(home.password);
  return launchOnPort(home, { postgres, account, cluster, log: home.log, password, settings }, options.port);
}

/** A port the caller named is the caller's; one we chose may be taken by now, then another does. */
async function launchOnPort(
  home: DataDirectory,
  launch: Omit<Launch, 'port'>,
  named: number | undefined,
): Promise<Server> {
  const { cluster, password } = launch;
  const remembered = Number(await readFile(home.port, 'utf8').catch(() => '0'));
  for (let attempt = 0; ; attempt += 1) {
    const port = named ?? (attempt === 0 && remembered > 0 ? remembered : await freePort());
    try {
      const postmaster = await launchServer({ ...launch, port });
      await writeFile(home.port, String(port));
      return { postmaster, cluster, port, password };
    } catch (error) {
      if (!(error instanceof PortTakenError) || named !== undefined || attempt === 5) throw error;
    }
  }
}

function handle(home: DataDirectory, server: Server, use: Claim, reused: boolean): EmbeddedPostgres {
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= runExclusively(home.changing, TURN_TIMEOUT_MS, () => leave(home, use, server));
    return stopped;
  };
  return {
    url: serverUrl(server, DATABASE),
    adminUrl: serverUrl(server, 'postgres'),
    dataDir: home.path,
    pid: server.postmaster.pid,
    reused,
    stop,
    killHard: async () => {
      stopped ??= use.release();
      await killServer(server.postmaster, server.cluster);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** Whoever leaves last turns off the light. */
async function leave(home: DataDirectory, use: Claim, { cluster }: Server): Promise<void> {
  await use.release();
  if ((await liveClaims(home.users)).length > 0) return;
  const postmaster = await findPostmaster(cluster);
  if (postmaster !== undefined) await stopServer(postmaster);
}
