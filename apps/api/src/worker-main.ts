import cluster from 'node:cluster';
import { resolve } from 'node:path';
import { keepCompiled } from './start/keep-compiled.ts';
import { openPrimaryLink } from './workers/primary-link.ts';

// Opened before other modules are loaded, because a signal during that time would end the process.
const link = cluster.worker === undefined ? undefined : openPrimaryLink(cluster.worker);
const keep = keepCompiled();
const { runWorker, tellFailure } = await import('./workers/run-worker.ts');
keep();

if (link === undefined) {
  process.stderr.write('worker-main.ts runs only as a worker process of main.ts: start main.ts instead.\n');
  process.exitCode = 64;
} else {
  try {
    const root = resolve(import.meta.dirname, '../../..');
    await runWorker({ env: process.env, args: process.argv.slice(2), root, link });
  } catch (error) {
    tellFailure(link, error);
    process.exitCode = 1;
  } finally {
    link.close();
  }
}
