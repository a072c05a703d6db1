import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Child, startChild } from './child.ts';

const MAIN = resolve(import.meta.dirname, '../../apps/api/src/main.ts');
const SHIFT_CLOCK = resolve(import.meta.dirname, 'shift-clock.ts');
const START_TIMEOUT_MS = 60_000;

export type ApiProcess = {
  readonly port: number;
  readonly pid: () => number;
  /** Starts the process and repeats that while the database is unavailable. Resolves when the process is ready. */
  start(): Promise<void>;
  /** Ends the process and waits for its exit. A requested end does not count as a crash. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
  shiftClock(offsetMs: number): void;
  /** Descriptions of unexpected exits after the process was ready. */
  readonly crashes: () => readonly string[];
};

export type ApiOptions = {
  readonly name: string;
  readonly port: number;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** `true` runs the process without the clock shim, as measurements require; its clock cannot be shifted then. */
  readonly asShipped?: boolean;
};

/** Creates a handle of one API process, which runs the API's own main.ts. */
export function createApiProcess({ name, port, folder, env, asShipped = false }: ApiOptions): ApiProcess {
  const clockFile = join(folder, `${name}.clock`);
  const crashes: string[] = [];
  let child: Child | undefined;
  let wanted = false;

  const launch = (): Child => {
    const launched = startChild(process.execPath, asShipped ? [MAIN] : ['--import', SHIFT_CLOCK, MAIN], {
      log: join(folder, `${name}.log`),
      env: { ...env, PHASELOCK_PORT: String(port), CHAOS_CLOCK_FILE: clockFile },
    });
    child = launched;
    return launched;
  };

  const start = async (): Promise<void> => {
    wanted = true;
    const until = performance.now() + START_TIMEOUT_MS;
    let current = launch();
    while (!(await isReady(port))) {
      if (!wanted) return;
      if (performance.now() > until) throw new Error(`${name} did not get ready; see ${join(folder, `${name}.log`)}`);
      // The API exits if the database is unavailable at its start, so it is started again, as a supervisor would do.
      if (!current.running()) current = launch();
      await pause(50);
    }
    void current.exited.then(({ code, signal }) => {
      if (child === current && wanted) {
        crashes.push(`${name} ended unexpectedly with ${signal ?? code}`);
        void start().catch((error: unknown) => crashes.push(String(error)));
      }
    });
  };

  return {
    port,
    pid: () => child?.pid ?? -1,
    start,
    end: async (signal) => {
      wanted = false;
      child?.signal('SIGCONT');
      child?.signal(signal);
      await child?.exited;
    },
    signal: (signal) => child?.signal(signal),
    shiftClock: (offsetMs) => writeFileSync(clockFile, String(offsetMs)),
    crashes: () => crashes,
  };
}

async function isReady(port: number): Promise<boolean> {
  try {
    const { ok } = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(1_000) });
    return ok;
  } catch {
    return false;
  }
}
