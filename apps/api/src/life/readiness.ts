import { openDatabase, type ServerState, type Statement, schemaFits } from '@phaselock/store';

type WhyNotReady = 'starting' | 'draining' | 'schema' | 'database' | 'database-restarting' | 'storage-full';

export type Readiness = AsyncDisposable & {
  /** Why the service is not ready for requests; null when it is ready. */
  whyNot(): WhyNotReady | null;
  /** Resolves after the first probe of the database, whatever its result. */
  readonly known: Promise<void>;
  /** Makes the service not ready for good, as the first step of a shutdown. */
  drain(): void;
};

type Watched = {
  readonly databaseUrl: string;
  readonly startupSettings: boolean;
  /** The state of the embedded server, if this process runs one. It changes before a probe fails. */
  readonly serverState: (() => ServerState) | undefined;
  /** Set if another program migrates: the schema may be missing or older when this process starts. */
  readonly awaitsSchema: boolean;
};

/** Detects a standby, which answers queries but takes no writes. */
const PROBE: Statement = { name: 'probe', text: 'select pg_is_in_recovery() as standby' };
const EVERY_MS = 1_000;
const WITHIN_MS = 1_000;

/**
 * Ready while the last probe of the database succeeded. The probe has its own connection: a busy pool is a reason to
 * shed load, not to leave the load balancer, which would move its requests to other busy servers.
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
  // Not checked again once the schema fits: this release also works with the schema of a newer one.
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
