import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@phaselock/store';
import { readProcessTable, runAdminStatement, treeOf } from '@phaselock/testkit';
import { monotonic } from '../clock.ts';

/**
 * Names what restarts PostgreSQL after a fault has ended it. `campaign`: the campaign, by `start`. `api`: the
 * supervision of the embedded server, which runs in each process that uses it: the API processes and the campaign.
 */
export type DatabaseKeeper = 'campaign' | 'api';

export type PostgresServer = {
  /** URL of the database `phaselock`, optionally through another port. */
  url(port?: number): string;
  /** Starts the server. With the keeper `api`, only the first call does; later calls wait for the restart. */
  start(): Promise<void>;
  /** `kill -9` of the postmaster. */
  kill(): Promise<void>;
  /** Fast shutdown, as with `pg_ctl stop -m fast`. */
  shutDown(): Promise<void>;
  /** Ends the use of the server by the campaign. The last process that uses the server stops it. */
  stopForGood(): Promise<void>;
  /** Sends a signal to the postmaster and its child processes. */
  signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void;
  /** Runs a statement as superuser over its own connection, not through a proxy. */
  ask(sql: string, values?: readonly string[]): Promise<readonly Record<string, unknown>[]>;
  /** The pid of the current or last postmaster. */
  readonly pid: () => number;
};

export type PostgresOptions = {
  readonly dataDir: string;
  readonly port: number;
  readonly keeper: DatabaseKeeper;
  /** Replaces the default settings, which suit a small disk. */
  readonly settings?: Readonly<Record<string, string>>;
};

const SMALL_DISK = { max_wal_size: '192MB', min_wal_size: '80MB', wal_recycle: 'off', log_checkpoints: 'off' };
const START_TIMEOUT_MS = 60_000;

/** Creates a handle of an embedded PostgreSQL in a data directory of the campaign. */
export function createPostgresServer({
  dataDir,
  port,
  keeper,
  settings = SMALL_DISK,
}: PostgresOptions): PostgresServer {
  let server: EmbeddedPostgres | undefined;
  let pid = -1;
  const running = (): EmbeddedPostgres => {
    if (server === undefined) throw new Error('PostgreSQL was not started');
    return server;
  };
  const urlAt = (other: number): string => {
    const url = new URL(running().url);
    url.port = String(other);
    return url.href;
  };
  const ask = (sql: string, values: readonly string[] = []) => runAdminStatement(urlAt(port), sql, values);
  const answers = () =>
    ask('select 1').then(
      () => true,
      () => false,
    );

  const start = async () => {
    if (server === undefined || keeper === 'campaign') {
      server = await startEmbeddedPostgres({ dataDir, port, settings });
      pid = server.pid;
      return;
    }
    const giveUpAt = monotonic() + START_TIMEOUT_MS;
    for (;;) {
      const current = await postmasterOf(dataDir);
      if (current !== undefined && current !== pid && (await answers())) {
        pid = current;
        return;
      }
      if (monotonic() > giveUpAt) throw new Error('no API process restarted PostgreSQL');
      await pause(50);
    }
  };
  const gone = async () => {
    while (isAlive(pid)) await pause(20);
    // Ends the use of the server by this process, which would otherwise restart it, and kills processes that the
    // postmaster left behind.
    if (keeper === 'campaign') await running().killHard();
  };

  return {
    url: (other = port) => urlAt(other),
    start,
    kill: async () => {
      process.kill(pid, 'SIGKILL');
      await gone();
    },
    shutDown: async () => {
      process.kill(pid, 'SIGINT');
      await gone();
    },
    stopForGood: async () => {
      await server?.stop();
    },
    signalAll: (signal) => {
      const family = treeOf(pid, readProcessTable()).map((one) => one.pid);
      for (const one of signal === 'SIGSTOP' ? family : family.toReversed()) signalQuietly(one, signal);
    },
    ask,
    pid: () => pid,
  };
}

async function postmasterOf(dataDir: string): Promise<number | undefined> {
  const [pid = ''] = (await readFile(join(dataDir, 'cluster', 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  return Number(pid) > 0 ? Number(pid) : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // The process has already ended.
  }
}
