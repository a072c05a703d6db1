import { join, resolve } from 'node:path';
import { eventually } from '@phaselock/testkit';
import { type Child, startChild } from '../../../chaos/world/child.ts';

const MAIN = resolve(import.meta.dirname, '../../../apps/purge-worker/src/main.ts');

export type WorkerOptions = {
  readonly name: string;
  readonly folder: string;
  readonly port: number;
  readonly env: NodeJS.ProcessEnv;
};

/** A purge worker that keeps running, as a supervisor starts it. */
export type WorkerProcess = {
  readonly address: string;
  /** Starts the worker. `env` overrides settings. */
  start(env?: NodeJS.ProcessEnv): Promise<void>;
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
};

export function createWorkerProcess({ name, folder, port, env }: WorkerOptions): WorkerProcess {
  const log = join(folder, `${name}.log`);
  let child: Child | undefined;
  return {
    address: `127.0.0.1:${port}`,
    start: async (more = {}) => {
      const settings = { ...env, ...more, PHASELOCK_PURGE_METRICS_PORT: String(port) };
      const started = startChild(process.execPath, [MAIN, 'run'], { log, env: settings });
      child = started;
      await eventually(
        async () => {
          if (!started.running()) throw new Error(`${name} ended; see ${log}`);
          return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
        },
        { withinMs: 60_000, everyMs: 50 },
      );
    },
    end: async (signal) => {
      child?.signal(signal);
      await child?.exited;
    },
  };
}

/** Starts one purge run at once. */
export function runPurgeOnce({ folder, env }: Pick<WorkerOptions, 'folder' | 'env'>): Child {
  return startChild(process.execPath, [MAIN, 'once'], { log: join(folder, 'purge-once.log'), env });
}
