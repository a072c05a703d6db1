import { setTimeout as pause } from 'node:timers/promises';
import { PgBoss } from 'pg-boss';
import type { World } from './open-world.ts';

/** The repeated purges and audits of a run, which a real installation runs daily. */
export type Cycles = AsyncDisposable & {
  /** Pauses the purges, or the audits, until the result is disposed of. */
  withoutPurges(): Disposable;
  withoutAudits(): Disposable;
  /** Queues a purge run, as the schedule of the workers does. */
  sendForPurge(): Promise<void>;
  audit(): Promise<void>;
};

const A_DAY_MS = 30_000;
const DAILY = 'archive-daily';

/** Starts to repeat purges and audits, so that they become overdue only through a fault. */
export async function beginCycles(world: World): Promise<Cycles> {
  const boss = new PgBoss({ connectionString: world.postgres.url(), supervise: false, schedule: false, max: 1 });
  boss.on('error', () => undefined);
  await boss.start();
  const ending = new AbortController();
  const held = { purges: 0, audits: 0 };

  const sendForPurge = async (): Promise<void> => void (await boss.send(DAILY, {}));
  const audit = async (): Promise<void> =>
    void (await world.run('verify-sessions', ['--all', '--record', '--allow-empty', '--quiet']));
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
