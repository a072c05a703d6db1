import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@phaselock/store';
import { readProcessTable, runAdminStatement, treeOf } from '@phaselock/testkit';
import { monotonic } from '../clock.ts';

/**
 * The program that restarts PostgreSQL after its end: the campaign, or the API processes, which then share the embedded
 * server.
 */
export type DatabaseKeeper = 'campaign' | 'api';

export type PostgresServer = {
  /** URL of the database `phaselock`, optionally through another port. */
  url(port?: number): string;
  /** Starts the server, or waits until its keeper has started it. */
  start(): Promise<void>;
  /** `kill -9` of the postmaster. */
  kill(): Promise<void>;
  /** Fast shutdown, as with `pg_ctl stop -m fast`. */
  shutDown(): Promise<void>;
  stopForGood(): Promise<void>;
  /** Sends a signal to the postmaster and its child processes. */
  signalAll(signal: 'SIGSTOP' | 'SIGCONT'): void;
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
    // Releases this process's claim on the server, and ends processes that the postmaster left behind.
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
