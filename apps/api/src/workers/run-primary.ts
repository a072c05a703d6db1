import { type OpenGuard, openGuard, prepareDatabase, reportServer } from '@phaselock/guard';
import { findDatabase } from '../start/find-database.ts';
import { type Introduction, introduce, prepareIntroduction } from '../start/introduce.ts';
import type { Program } from '../start/open-program.ts';
import { seedDemo } from '../start/seed-demo.ts';
import { tellStarted } from '../start/tell-life.ts';
import { insistOnFreePorts } from './insist-on-free-ports.ts';
import { keepWorkers } from './keep-workers.ts';
import { urlUnlessEnded } from './url-unless-ended.ts';
import { warnOfScarceConnections } from './warn-of-scarce-connections.ts';
import { forkWorker } from './worker-process.ts';

type RunPrimary = {
  readonly program: Program;
  readonly demo: boolean;
  readonly say: (text: string) => void;
  readonly showsSecrets: boolean;
  readonly since: number;
  /** Resolves on a signal. */
  readonly ended: Promise<void>;
};

/**
 * Prepares everything that all workers share, runs the workers, and ends after the last of them, because it owns the
 * embedded PostgreSQL.
 */
export async function runPrimary({ program, demo, say, showsSecrets, since, ended }: RunPrimary): Promise<void> {
  const { config, logger } = program;
  await insistOnFreePorts(config);
  await using resources = new AsyncDisposableStack();
  const { databaseUrl } = await findDatabase(config, resources, reportServer({ logger }));
  const connected = performance.now();
  if (config.migrate) await prepareDatabase(databaseUrl);
  await warnOfScarceConnections({ config, databaseUrl, logger });
  const introduction = await beforehand({ program, databaseUrl, demo });
  const prepared = performance.now();

  const workers = resources.use(keepWorkers({ config, logger, fork: forkWorker }));
  const url = await urlUnlessEnded(workers.url, ended);
  if (url !== undefined) {
    const opened = performance.now();
    tellStarted(logger, { since, connected, prepared, opened });
    say(introduce({ config, url, tookMs: opened - since, showsSecrets, ...introduction }));
    await ended;
  }
  await workers.drain();
}

type Beforehand = { readonly program: Program; readonly databaseUrl: string; readonly demo: boolean };

/** Writes key, task and demo data before any worker starts, so that no worker cache has to be invalidated. */
async function beforehand({ program, databaseUrl, demo }: Beforehand): Promise<Introduction> {
  const { config, logger } = program;
  if (config.databaseUrl !== undefined && !demo) return { key: undefined, taskId: undefined };
  const startupSettings = config.poolStartupSettings;
  await using guard: OpenGuard = await openGuard({ databaseUrl, startupSettings, invalidation: 'memory', maxSize: 1 });
  if (demo) await seedDemo(guard);
  return await prepareIntroduction(config, guard, logger);
}
