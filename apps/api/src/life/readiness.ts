import { openDatabase, type ServerState, type Statement, schemaFits } from '@phaselock/store';

type WhyNotReady = 'starting' | 'draining' | 'schema' | 'database' | 'database-restarting' | 'storage-full';

export type Readiness = AsyncDisposable & {
  /** Null when requests should be sent here. */
  whyNot(): WhyNotReady | null;
  /** Until the database was asked for the first time, whatever it said. */
  readonly known: Promise<void>;
  /** The first thing a shutdown does. There is no way back. */
  drain(): void;
};

type Watched = {
  readonly databaseUrl: string;
  readonly startupSettings: boolean;
  /** Of the embedded server, where this process looks after one: it knows of its end before a probe fails. */
  readonly serverState: (() => ServerState) | undefined;
  /** Where another program migrates: the schema may be missing, or an older one, when this process starts. */
  readonly awaitsSchema: boolean;
};

/** A standby answers, and takes no writes: a server in recovery, or one that was failed over from. */
const PROBE: Statement = { name: 'probe', text: 'select pg_is_in_recovery() as standby' };
const EVERY_MS = 1_000;
const WITHIN_MS = 1_000;

/**
 * Ready while the database answered lately. It is asked on a connection of its own: a pool that is busy is a reason to shed load, not to be
 * taken out of the balancer, which would make the others busier.
 */
export function watchReadiness({ databaseUrl, startupSettings, serverState, awaitsSchema }: Watched): Readiness {
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
  // Once it fits it is not asked about again: what a newer release adds, this one can live with.
  let schemaAwaited = awaitsSchema;
  let probing = Promise.resolve();

  const probe = async (): Promise<void> => {
    try {
      const [server] = await database.query<{ standby: boolean }>(PROBE, []);
      if (server?.standby !== false) {
        why = 'database';
        return;
      }
      if (schemaAwaited) schemaAwaited = !(await schemaFits(database));
      why = schemaAwaited ? 'schema' : null;
    } catch {
      why = 'database';
    }
  };
  const next = (): void => {
    const last = probing;
    probing = last.then(probe);
  };
  const whyNoServer = (): WhyNotReady | undefined => {
    const state = serverState?.() ?? 'running';
    switch (state) {
      case 'running':
        return undefined;
      case 'restarting':
        return 'database-restarting';
      case 'storage-full':
        return 'storage-full';
    }
  };
  next();
  const known = probing;
  const timer = setInterval(next, EVERY_MS);
  timer.unref();

  return {
    known,
    whyNot: () => (draining ? 'draining' : (whyNoServer() ?? why)),
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
