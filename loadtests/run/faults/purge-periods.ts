import { setTimeout as pause } from 'node:timers/promises';
import { runPurgeOnce } from '../../../checks/monitoring/world/worker-process.ts';
import type { PeriodLine } from '../run-folder.ts';

const LENGTH_SECONDS = 30;
const LEAST_PAIRS = 2;

/**
 * Divides the duration into pairs of periods, one of each pair with the purge worker. The order alternates, so that a
 * drift over the run favours neither.
 */
export function schedulePeriods(durationSeconds: number): readonly { readonly purge: boolean; readonly ms: number }[] {
  const pairs = Math.max(LEAST_PAIRS, Math.floor(durationSeconds / (2 * LENGTH_SECONDS)));
  const ms = Math.floor((durationSeconds * 1_000) / (pairs * 2));
  return Array.from({ length: pairs }, (_, nth) => [nth % 2 === 1, nth % 2 === 0])
    .flat()
    .map((purge) => ({ purge, ms }));
}

/** Number of lanes in the worker's default settings. */
const LANES = 2;
const SESSIONS_A_SECOND = LANES * 10;
/**
 * Share of a period in which the worker archives; it purges in the rest, but not everything it archived, so it never
 * runs out of work.
 */
const ARCHIVES = 0.7;

export const dueInPeriod = (ms: number): number => Math.ceil((ms / 1_000) * SESSIONS_A_SECOND * ARCHIVES);

/** Number of sessions to seed, so that the worker has work in all of its periods. */
export const dueInAll = (durationSeconds: number): number =>
  schedulePeriods(durationSeconds)
    .filter(({ purge }) => purge)
    .reduce((sum, { ms }) => sum + dueInPeriod(ms), 0);

export type PeriodsOptions = {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  readonly durationSeconds: number;
  readonly makeDue: (sessions: number) => Promise<void>;
  readonly working: (pid: number) => void;
  readonly write: (line: PeriodLine) => void;
  readonly say: (line: string) => void;
  readonly ended: AbortSignal;
};

const DUE_AFTER_HOURS = '240';

/**
 * Alternates periods with and without the purge worker. The worker has its default settings, and its sessions become
 * due just before each of its periods.
 */
export async function runPeriods(options: PeriodsOptions): Promise<void> {
  const { folder, env, durationSeconds, makeDue, working, write, say, ended } = options;
  const settings = {
    ...env,
    PHASELOCK_ARCHIVE_AFTER_HOURS: DUE_AFTER_HOURS,
    PHASELOCK_PURGE_AFTER_HOURS: DUE_AFTER_HOURS,
    PHASELOCK_PURGE_METRICS_PORT: '0',
  };
  for (const { purge, ms } of schedulePeriods(durationSeconds)) {
    if (ended.aborted) return;
    const endsAt = performance.now() + ms;
    const due = dueInPeriod(ms);
    if (purge) await makeDue(due);
    const at = Date.now();
    // Limits the batch, because otherwise one of the two lanes would claim all sessions.
    const ofALane = { PHASELOCK_PURGE_BATCH: String(Math.min(1_000, Math.ceil(due / LANES))) };
    const worker = purge ? runPurgeOnce({ folder, env: { ...settings, ...ofALane } }) : undefined;
    if (worker !== undefined) working(worker.pid);
    const over = pause(Math.max(0, endsAt - performance.now()), undefined, { signal: ended }).catch(() => undefined);
    // A worker without work ends by itself, which also ends its period.
    await (worker === undefined ? over : Promise.race([over, worker.exited]));
    write({ is: 'period', purge, at, until: Date.now() });
    say(`a period ${purge ? 'with' : 'without'} the purge worker`);
    worker?.signal('SIGTERM');
    await worker?.exited;
    await over;
  }
}
