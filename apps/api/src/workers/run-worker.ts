import { ConfigMistakes, type Environment, readConfig } from '../config/read-config.ts';
import { openProgram } from '../start/open-program.ts';
import { openService } from '../start/open-service.ts';
import { tellCutShort } from '../start/tell-life.ts';
import { metricsAt } from './metrics-at.ts';
import type { PrimaryLink } from './primary-link.ts';
import { readPlace } from './worker-place.ts';

type RunWorker = {
  readonly env: Environment;
  readonly args: readonly string[];
  readonly root: string;
  readonly link: PrimaryLink;
};

/** Time a worker may take to close its resources, in addition to its drain time-out. */
const TO_CLOSE_MS = 10_000;

/**
 * Runs one of several processes on the same port. The primary has prepared the database, and decides when the worker
 * ends.
 */
export async function runWorker({ env, args, root, link }: RunWorker): Promise<void> {
  const { port, metricsPort } = readPlace(args);
  const given = readConfig(env);
  const program = openProgram({ ...given, port }, root);
  await using resources = new AsyncDisposableStack();
  const among = { together: link.together, metricsPort, metricsAt: metricsAt(given) };
  const { api } = await openService({ program, resources, migrates: false, among });
  link.outlivePrimary(given.drainTimeoutMs + TO_CLOSE_MS);
  link.tell({ is: 'ready', url: api.url, metricsPort: api.metricsPort ?? metricsPort });
  const how = await link.ending;
  if (!(await (how === 'drain' ? api.drain() : api.leave()))) tellCutShort(program.logger);
}

export function tellFailure(link: Pick<PrimaryLink, 'tell'>, error: unknown): void {
  const text = error instanceof Error ? error.message : String(error);
  link.tell({ is: 'failed', text, mistakes: error instanceof ConfigMistakes ? error.mistakes : [] });
}
