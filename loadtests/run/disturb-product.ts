import { runPeriods } from './faults/purge-periods.ts';
import { recoveryFaults } from './faults/recovery-faults.ts';
import { strikeFaults } from './faults/strike-faults.ts';
import type { OpenedTarget } from './open-target.ts';
import { appendLine, filesOf } from './run-folder.ts';
import type { ScenarioNeeds } from './scenarios.ts';
import { makeDue } from './seed/seed-due.ts';

export type DisturbOptions = {
  readonly needs: ScenarioNeeds;
  readonly durationSeconds: number;
  /** Resolves when the load has begun. */
  readonly began: Promise<void>;
  readonly folder: string;
  /** Called with the pid of each purge worker. */
  readonly working: (pid: number) => void;
  readonly say: (line: string) => void;
  readonly ended: AbortSignal;
};

/**
 * Runs the disturbances of the scenario during the load: faults, periods with the purge worker, or nothing. Resolves
 * when everything is repaired.
 */
export async function disturbProduct(opened: OpenedTarget, options: DisturbOptions): Promise<void> {
  const { needs, durationSeconds, began, folder, working, say, ended } = options;
  if (opened.kind === 'address' || !(needs.faults || needs.purge)) return;
  const { product } = opened;
  await began;
  if (needs.faults) {
    const write = (line: Parameters<typeof appendLine>[1]) => appendLine(filesOf(folder).faults, line);
    await strikeFaults({ faults: recoveryFaults(product), durationSeconds, write, say, ended });
  }
  if (needs.purge) {
    await runPeriods({
      folder,
      env: product.env,
      durationSeconds,
      makeDue: (sessions) => makeDue(product.databaseUrl, sessions),
      working,
      write: (line) => appendLine(filesOf(folder).periods, line),
      say,
      ended,
    });
  }
}
