import { setTimeout as pause } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import type { World } from './open-world.ts';

/** What is done once a day where time is not short. */
export type Cycles = AsyncDisposable & {
  /** Neither begins again until it is disposed of. */
  withoutPurges(): Disposable;
  withoutAudits(): Disposable;
  /** Sends for a run of the purge workers, as their schedule does. */
  sendForPurge(): Promise<void>;
  audit(): Promise<void>;
};

const A_DAY_MS = 30_000;
const DAILY = 'archive-daily';

/** Purges and audits are sent for again and again, so that nothing is overdue but by a fault. */
export async function beginCycles(world: World): Promise<Cycles> {
  const boss = new PgBoss({ connectionString: world.postgres.url(), supervise: false, schedule: false, max: 1 });
  boss.on('error', () => undefined);
  await boss.start();
  const ending = new AbortController();
  const held = { purges: 0, audits: 0 };

  const sendForPurge = async (): Promise<void> => void (await boss.send(DAILY, {}));
  const audit = async (): Promise<void> => void (await world.run('verify-sessions', ['--all', '--record', '--quiet']));
  const repeat = async (): Promise<void> => {
    while (!ending.signal.aborted) {
      if (held.purges === 0) await sendForPurge().catch(() => undefined);
      if (held.audits === 0) await audit();
      await pause(A_DAY_MS, undefined, { signal: ending.signal }).catch(() => undefined);
    }
  };
  const hold = (what: keyof typeof held): Disposable => {
    held[what] += 1;
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) held[what] -= 1;
        isHeld = false;
      },
    };
  };
  const repeating = repeat();
  return {
    withoutPurges: () => hold('purges'),
    withoutAudits: () => hold('audits'),
    sendForPurge,
    audit,
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      await repeating;
      await boss.stop({ graceful: false });
    },
  };
}
