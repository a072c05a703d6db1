import { openDatabase, type Statement } from '@phaselock/store';

type WhyNotReady = 'starting' | 'draining' | 'database';

export type Readiness = AsyncDisposable & {
  /** Null when requests should be sent here. */
  whyNot(): WhyNotReady | null;
  /** The first thing a shutdown does. There is no way back. */
  drain(): void;
};

const PROBE: Statement = { name: 'probe', text: 'select 1' };
const EVERY_MS = 1_000;
const WITHIN_MS = 1_000;

/**
 * Ready while the database answered lately. It is asked on a connection of its own: a pool that is busy is a reason to shed load, not to be
 * taken out of the balancer, which would make the others busier.
 */
export function watchReadiness(databaseUrl: string, { startupSettings }: { startupSettings: boolean }): Readiness {
  const database = openDatabase({
    url: databaseUrl,
    maxSize: 1,
    connectionTimeoutMs: WITHIN_MS,
    statementTimeoutMs: WITHIN_MS,
    startupSettings,
    applicationName: 'phaselock-readiness',
  });
  let why: WhyNotReady | null = 'starting';
  let draining = false;
  let probing = Promise.resolve();

  const probe = async (): Promise<void> => {
    try {
      await database.query(PROBE, []);
      why = null;
    } catch {
      why = 'database';
    }
  };
  const next = (): void => {
    const last = probing;
    probing = last.then(probe);
  };
  next();
  const timer = setInterval(next, EVERY_MS);
  timer.unref();

  return {
    whyNot: () => (draining ? 'draining' : why),
    drain: () => {
      draining = true;
    },
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await probing;
      await database[Symbol.asyncDispose]();
    },
  };
}
