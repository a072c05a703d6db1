import { setTimeout as pause } from 'node:timers/promises';
import type { FaultLine } from '../run-folder.ts';
import { holdFor, type RecoveryFault } from './recovery-faults.ts';
import { scheduleFaults } from './schedule.ts';

export type StrikeOptions = {
  readonly faults: readonly RecoveryFault[];
  readonly durationSeconds: number;
  readonly write: (line: FaultLine) => void;
  readonly say: (line: string) => void;
  /** Aborted when the load ends: the current fault is repaired, and no further one is injected. */
  readonly ended: AbortSignal;
};

/** Injects the faults on schedule. If a repair takes long, the next fault follows at once. */
export async function strikeFaults({ faults, durationSeconds, write, say, ended }: StrikeOptions): Promise<void> {
  const began = performance.now();
  for (const { name: fault, atMs, holdMs } of scheduleFaults(faults, durationSeconds)) {
    const waitMs = Math.max(0, began + atMs - performance.now());
    await pause(waitMs, undefined, { signal: ended }).catch(() => undefined);
    if (ended.aborted) return;
    const at = Date.now();
    const { well } = await fault.strike(holdFor(holdMs, ended));
    const until = Date.now();
    write({ is: 'fault', name: fault.name, at, until });
    say(`${fault.name}, for ${((until - at) / 1_000).toFixed(1)} s`);
    await well;
  }
}
