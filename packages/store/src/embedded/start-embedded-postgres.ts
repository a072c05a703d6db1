import { bringUpServer, type Server } from './bring-up-server.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { runExclusively } from './exclusive-section.ts';
import { findPostmaster } from './postmaster.ts';
import { type Claim, liveClaims, makeClaim } from './process-claims.ts';
import { DATABASE, ensureDatabase, serverUrl } from './server-connection.ts';
import { killServer, stopServer } from './stop-server.ts';
import { type ServerEvent, type ServerState, superviseServer } from './supervise-server.ts';

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
  /** Told when the server ended, why it does not come up again, and when it has. */
  readonly observe?: (event: ServerEvent) => void;
};

export type EmbeddedPostgres = AsyncDisposable & {
  /** The database `phaselock`. The same for as long as it is used, however often the server has to be started again. */
  readonly url: string;
  /** The database `postgres`. Both URLs are of the superuser. */
  readonly adminUrl: string;
  readonly dataDir: string;
  /** Of the server that runs now, or ran last. */
  readonly pid: number;
  /** Whether the server was running already. */
  readonly reused: boolean;
  /** Whether it runs, and if not, what keeps it down. */
  state(): ServerState;
  /** Ends our use of the server, and the server with its last user. */
  stop(): Promise<void>;
  /** For tests: ends our use, and the server as a crash would, for all its users. */
  killHard(): Promise<void>;
};

/** Longer than any start, for it is what a process waits while another one starts the server. */
const TURN_TIMEOUT_MS = 180_000;

/**
 * Starts a PostgreSQL of our own on loopback, or joins the one that already runs on the directory. Until it is stopped, a server that ends is
 * started again, by one of its users.
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

/** The last one to leave stops the server. */
async function leave(home: DataDirectory, use: Claim, { cluster }: Server): Promise<void> {
  await use.release();
  if ((await liveClaims(home.users)).length > 0) return;
  const postmaster = await findPostmaster(cluster);
  if (postmaster !== undefined) await stopServer(postmaster);
}
