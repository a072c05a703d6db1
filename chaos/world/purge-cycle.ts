import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../random.ts';
import { type Child, startChild } from './child.ts';

const MAIN = resolve(import.meta.dirname, '../../apps/purge-worker/src/main.ts');

export type PurgeCycle = {
  /** Kills the running worker with `kill -9`. Returns false if none runs. */
  kill(): boolean;
  /**
   * Damages objects between the next archive run and the purge run after it. Resolves with the number of damaged
   * objects.
   */
  damageNext(): Promise<number>;
  /** Finishes the current run and starts no other. */
  stop(): Promise<void>;
  readonly runs: () => number;
};

export type PurgeOptions = {
  readonly folder: string;
  readonly archive: string;
  readonly env: () => NodeJS.ProcessEnv;
  readonly random: Random;
  readonly pauseMs: number;
};

/** Alternates an archive run and a purge run of the worker, so that objects can be damaged in between. */
export function startPurgeCycle({ folder, archive, env, random, pauseMs }: PurgeOptions): PurgeCycle {
  const ending = new AbortController();
  let worker: Child | undefined;
  let runs = 0;
  let damageWanted: ((count: number) => void) | undefined;

  const runOnce = async (purgeAfterHours: number) => {
    worker = startChild(process.execPath, [MAIN, 'once'], {
      log: join(folder, 'purge-worker.log'),
      env: {
        ...env(),
        PHASELOCK_ARCHIVE_AFTER_HOURS: '0',
        PHASELOCK_PURGE_AFTER_HOURS: String(purgeAfterHours),
        PHASELOCK_PURGE_SESSIONS_PER_SECOND: '40',
      },
    });
    await worker.exited;
    worker = undefined;
    runs += 1;
  };

  const cycle = async () => {
    while (!ending.signal.aborted) {
      const since = Date.now();
      await runOnce(720);
      const wanted = damageWanted;
      damageWanted = undefined;
      wanted?.(await damageObjects(archive, since, random));
      if (ending.signal.aborted) break;
      await runOnce(0);
      await pause(pauseMs, undefined, { signal: ending.signal }).catch(() => undefined);
    }
    damageWanted?.(0);
  };
  const cycling = cycle();

  return {
    kill: () => {
      worker?.signal('SIGKILL');
      return worker !== undefined;
    },
    damageNext: () =>
      new Promise((done) => {
        if (ending.signal.aborted) return done(0);
        damageWanted = done;
      }),
    stop: async () => {
      ending.abort();
      await cycling;
    },
    runs: () => runs,
  };
}

/**
 * Flips a bit in some objects written since, and deletes others. None of their sessions is purged yet, because purging
 * is a separate run.
 */
async function damageObjects(archive: string, since: number, random: Random): Promise<number> {
  const names = await readdir(archive, { recursive: true }).catch(() => []);
  let damaged = 0;
  for (const name of names.filter((one) => one.endsWith('.json.gz'))) {
    const path = join(archive, name);
    if (damaged >= 3 || (await stat(path)).mtimeMs < since || random.chance(0.5)) continue;
    if (random.chance(0.5)) await rm(path);
    else {
      const content = await readFile(path);
      const at = random.whole(0, content.length - 1);
      content[at] = (content[at] ?? 0) ^ 1;
      await writeFile(path, content);
    }
    damaged += 1;
  }
  return damaged;
}
