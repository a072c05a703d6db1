import { bringUpServer, type Server } from './bring-up-server.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { runExclusively } from './exclusive-section.ts';
import { findPostmaster } from './postmaster.ts';
import { type Claim, liveClaims, makeClaim } from './process-claims.ts';
import { DATABASE, ensureDatabase, serverUrl } from './server-connection.ts';
import { killServer, stopServer } from './stop-server.ts';
import { type ServerEvent, type ServerState, superviseServer } from './supervise-server.ts';

export type EmbeddedPostgresOptions = {
  /** Persistent directory that contains, or links to, all files of the server. */
  readonly dataDir: string;
  /** Default: a free port, which is remembered. */
  readonly port?: number;
  /** Server settings; a server that already runs keeps those it was started with. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly log?: (line: string) => void;
  /** Receives warnings for the operator. Default: a warning of the Node process. */
  readonly warn?: (warning: string) => void;
  /** Receives the end of the server, the reason why a restart fails, and its successful restart. */
  readonly observe?: (event: ServerEvent) => void;
};

export type EmbeddedPostgres = AsyncDisposable & {
  /** URL of the database `phaselock`. It stays the same across restarts of the server. */
  readonly url: string;
  /** URL of the database `postgres`. Both URLs use the superuser. */
  readonly adminUrl: string;
  readonly dataDir: string;
  /** Process id of the current server, or of the last one. */
  readonly pid: number;
  /** Whether the server was already running. */
  readonly reused: boolean;
  /** Whether the server runs, and if not, why. */
  state(): ServerState;
  /** Ends this process’s use of the server. The last user also stops the server. */
  stop(): Promise<void>;
  /** For tests: ends this process’s use, and kills the server for all its users. */
  killHard(): Promise<void>;
};

/** Longer than any start, because a process waits this long while another one starts the server. */
const TURN_TIMEOUT_MS = 180_000;

/**
 * Starts an embedded PostgreSQL on loopback, or joins the one that already runs on the directory. If the server ends
 * unexpectedly, one of its users restarts it.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const home = await openDataDirectory(options.dataDir);
  return runExclusively(home.changing, { timeoutMs: TURN_TIMEOUT_MS }, async () => {
    const server = await bringUpServer(home, { warn: warnOfProcess, ...options });
    const use = await makeClaim(home.users);
    try {
      await ensureDatabase(server);
    } catch (error) {
      await leave(home, use, server);
      throw error;
    }
    options.log?.(
      `embedded PostgreSQL ${server.joined ? 'joined' : 'started'}: pid ${server.postmaster.pid}, port ${server.port}`,
    );
    return handle(home, server, use, options);
  });
}

const warnOfProcess = (warning: string): void => process.emitWarning(warning);

function handle(
  home: DataDirectory,
  first: Server,
  use: Claim,
  { settings, observe = () => undefined }: EmbeddedPostgresOptions,
): EmbeddedPostgres {
  const bringUp = (signal: AbortSignal): Promise<Server> =>
    runExclusively(home.changing, { timeoutMs: TURN_TIMEOUT_MS, signal }, () =>
      bringUpServer(home, { port: first.port, signal, ...(settings && { settings }) }),
    );
  const supervision = superviseServer({ home, first, bringUp, observe });
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= supervision
      .end()
      .then(() => runExclusively(home.changing, { timeoutMs: TURN_TIMEOUT_MS }, () => leave(home, use, first)));
    return stopped;
  };
  return {
    url: serverUrl(first, DATABASE),
    adminUrl: serverUrl(first, 'postgres'),
    dataDir: home.path,
    get pid() {
      return supervision.server().postmaster.pid;
    },
    reused: first.joined,
    state: () => supervision.state(),
    stop,
    killHard: async () => {
      stopped ??= supervision.end().then(() => use.release());
      await stopped;
      await killServer(supervision.server().postmaster, first.cluster);
    },
    [Symbol.asyncDispose]: stop,
  };
}

/** The last process to stop shuts the server down. */
async function leave(home: DataDirectory, use: Claim, { cluster }: Server): Promise<void> {
  await use.release();
  if ((await liveClaims(home.users)).length > 0) return;
  const postmaster = await findPostmaster(cluster);
  if (postmaster !== undefined) await stopServer(postmaster);
}
