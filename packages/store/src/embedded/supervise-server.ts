import { setTimeout as delay } from 'node:timers/promises';
import type { Server } from './bring-up-server.ts';
import { findCluster } from './cluster-path.ts';
import type { DataDirectory } from './data-directory.ts';
import { isStillThere } from './postmaster.ts';
import { restartBackoff } from './restart-backoff.ts';
import { readServerLog } from './server-log.ts';
import { type ServerTrouble, troubleOf } from './server-trouble.ts';
import { wayOut } from './way-out.ts';

/** What a supervised server went through. Each is told once, not once a try. */
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
      /** Whether this process started it; else it found it started by another one. */
      readonly startedHere: boolean;
      readonly downMs: number;
      readonly tries: number;
    };

export type ServerState = 'running' | 'restarting' | 'storage-full';

export type Supervision = {
  /** The server that runs now, or ran last. */
  server(): Server;
  state(): ServerState;
  /** Afterwards nothing is started any more. */
  end(): Promise<void>;
};

type Supervised = {
  readonly home: DataDirectory;
  readonly first: Server;
  /** Starts the server again on its port, or joins it where another process has. */
  readonly bringUp: (signal: AbortSignal) => Promise<Server>;
  readonly observe: (event: ServerEvent) => void;
};

/** A look costs one read of /proc. */
const LOOK_EVERY_MS = 100;

/**
 * Watches the server for as long as this process uses it, and starts it again when it has ended without being told to: the last user stops it,
 * and we are one. Every user does this; the exclusive section lets one start it, and the others join.
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

/** What holds no data any more is not made anew under the ones who use it. */
async function demandCluster(home: DataDirectory): Promise<void> {
  if ((await findCluster(home.cluster)) === undefined)
    throw new Error(`The cluster of ${home.path} is gone: put it back, or end this process. ${wayOut}`);
}

/** Ends early when nothing is watched any more; keeps no process alive. */
const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { ref: false, signal }).catch(() => undefined);
