import { randomUUID } from 'node:crypto';
import { type DistrustedObject, runSteps, type StepsDone } from '@phaselock/archive';
import { beginRun, endLane } from '@phaselock/store';
import { chainOldEvents } from './chain-old-events.ts';
import { deleteOrphans } from './delete-orphans.ts';
import { keepRun } from './keep-run.ts';
import type { Worker } from './open-worker.ts';
import { countsOf } from './run-counts.ts';

export type OnceDone = StepsDone & { readonly orphans: number };

/** Callbacks that report progress during the run. */
export type Telling = {
  readonly progress: (done: StepsDone) => void;
  readonly distrusted: (found: DistrustedObject) => void;
  readonly notChained: (error: unknown) => void;
};

/** Performs one run immediately, with the configured number of lanes. Other runs may be active at the same time. */
export async function runOnce(
  worker: Worker,
  signal: AbortSignal,
  { progress, distrusted, notChained }: Telling,
): Promise<OnceDone> {
  const { database, config, telemetry, name } = worker;
  await worker.checkStore();
  const id = randomUUID();
  await beginRun(database.kysely, { id, worker: name, lanes: config.lanes });
  using _kept = await keepRun(worker, id);
  // Goes on for as long as the run does.
  await using _chaining = chainOldEvents(worker, notChained);
  const orphans = await deleteOrphans(worker);
  const parts = Array.from({ length: config.lanes }, (): StepsDone => NOTHING);
  const lanes = parts.map(async (_, lane) => {
    const done = await runSteps(worker.lane(distrusted), signal, (part) => {
      parts[lane] = { ...part };
      progress(parts.reduce(sum));
    });
    const seconds = await endLane(database.kysely, id, countsOf(done));
    if (seconds !== undefined) telemetry.ran(seconds);
    return done;
  });
  return { ...(await Promise.all(lanes)).reduce(sum), orphans };
}

const NOTHING: StepsDone = {
  archived: 0,
  purged: 0,
  removed: 0,
  failed: 0,
  bytes: 0,
  storeDown: false,
  storeChanged: null,
};

const sum = (one: StepsDone, other: StepsDone): StepsDone => ({
  archived: one.archived + other.archived,
  purged: one.purged + other.purged,
  removed: one.removed + other.removed,
  failed: one.failed + other.failed,
  bytes: one.bytes + other.bytes,
  storeDown: one.storeDown || other.storeDown,
  storeChanged: one.storeChanged ?? other.storeChanged,
});
