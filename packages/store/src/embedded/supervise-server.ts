import { setTimeout as delay } from 'node:timers/promises';
import type { Server } from './bring-up-server.ts';
import { findCluster } from './cluster-path.ts';
import type { DataDirectory } from './data-directory.ts';
import { isStillThere } from './postmaster.ts';
import { restartBackoff } from './restart-backoff.ts';
import { readServerLog } from './server-log.ts';
import { type ServerTrouble, troubleOf } from './server-trouble.ts';
import { wayOut } from './way-out.ts';

/** State changes of a supervised server. Each is reported once, not once per attempt. */
export type ServerEvent =
  | { readonly kind: 'ended'; readonly pid: number; readonly log: string; readonly said: string }
  | {
      readonly kind: 'not-starting';
      readonly trouble: ServerTrouble;
      readonly error: unknown;
      readonly nextTryMs: number;
      readonly dataDir: string;
      readonly port: number;
    }
  | {
      readonly kind: 'running-again';
      readonly pid: number;
      /** Whether this process restarted the server; otherwise another process did. */
      readonly startedHere: boolean;
      readonly downMs: number;
      readonly tries: number;
    };

export type ServerState = 'running' | 'restarting' | 'storage-full';

export type Supervision = {
  /** The current server, or the last one. */
  server(): Server;
  state(): ServerState;
  /** Ends the supervision. Afterwards no server is started. */
  end(): Promise<void>;
};

type Supervised = {
  readonly home: DataDirectory;
  readonly first: Server;
  /** Restarts the server on its port, or joins it if another process has restarted it. */
  readonly bringUp: (signal: AbortSignal) => Promise<Server>;
  readonly observe: (event: ServerEvent) => void;
};

/** Short, because a check costs only one read of /proc. */
const LOOK_EVERY_MS = 100;

/**
 * Watches the server while this process uses it, and restarts it whenever it ends: only the last user stops the server,
 * so an end while this process uses it is a crash. Every user process does this. The exclusive section lets one of them
 * restart the server, and the others join it.
 */
export function superviseServer({ home, first, bringUp, observe }: Supervised): Supervision {
  const ending = new AbortController();
  const { signal } = ending;
  const backoff = restartBackoff(Math.random);
  let server = first;
  let state: ServerState = 'running';
  let upSince = performance.now();

  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      if (await isStillThere(server.postmaster)) await pause(LOOK_EVERY_MS, signal);
      else await bringBack();
    }
  };

  const bringBack = async (): Promise<void> => {
    const since = performance.now();
    state = 'restarting';
    backoff.ranFor(since - upSince);
    const said = await readServerLog(home.log, 0, 5).catch(() => '');
    observe({ kind: 'ended', pid: server.postmaster.pid, log: home.log, said });
    let told: ServerTrouble | undefined;
    let waitMs = backoff.nextMs();
    for (let tries = 1; ; tries += 1) {
      await pause(waitMs, signal);
      if (signal.aborted) return;
      try {
        await demandCluster(home);
        server = await bringUp(signal);
        upSince = performance.now();
        state = 'running';
        const { postmaster, joined } = server;
        observe({ kind: 'running-again', pid: postmaster.pid, startedHere: !joined, downMs: upSince - since, tries });
        return;
      } catch (error) {
        if (signal.aborted) return;
        const trouble = await troubleOf(error, server.cluster);
        state = trouble === 'storage-full' ? 'storage-full' : 'restarting';
        waitMs = backoff.nextMs();
        if (trouble !== told) {
          const { port } = server;
          observe({ kind: 'not-starting', trouble, error, nextTryMs: waitMs, dataDir: home.path, port });
        }
        told = trouble;
      }
    }
  };

  const watching = watch();
  return {
    server: () => server,
    state: () => state,
    end: async () => {
      ending.abort();
      await watching;
    },
  };
}

/** Refuses a restart without a cluster, because its users must not get an empty new one. */
async function demandCluster(home: DataDirectory): Promise<void> {
  if ((await findCluster(home.cluster)) === undefined)
    throw new Error(`The cluster of ${home.path} is missing: restore it, or stop this process. ${wayOut}`);
}

/** Ends early when the supervision ends. Does not keep the process alive. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { ref: false, signal }).catch(() => undefined);
