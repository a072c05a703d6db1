import { type ConstructorOptions, type Job, PgBoss } from 'pg-boss';

/**
 * The daily job starts a run by sending one job per lane. A lane works until nothing is due. A retry job is a lane that
 * starts when the earliest retry is due.
 */
const QUEUES = { daily: 'archive-daily', lane: 'archive-lane', retry: 'archive-retry' } as const;

export type LaneData = { readonly runId: string | null };

const SIX_HOURS = 21_600;
/** A worker without a heartbeat for this long counts as dead, and its lane is given to another worker. */
const HEARTBEAT_SECONDS = 60;
const RETRY_LIMIT = 20;
const RETRY_DELAY_SECONDS = 10;
const POLLING_SECONDS = 2;

export type QueueOptions = {
  readonly databaseUrl: string;
  readonly schedule: string;
  readonly lanes: number;
  readonly onError: (error: unknown) => void;
  /** Set by tests, which advance the clock themselves. */
  readonly clock?: ConstructorOptions['clock'];
};

export async function openQueue({ databaseUrl, onError, clock }: QueueOptions): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString: databaseUrl,
    application_name: 'phaselock-purge-queue',
    max: 3,
    ...(clock !== undefined && { clock }),
  });
  boss.on('error', onError);
  await boss.start();
  return boss;
}

type Handlers = {
  readonly daily: (job: Job<object>) => Promise<void>;
  readonly lane: (job: Job<LaneData>) => Promise<void>;
};

/**
 * Registers the queues, the schedule and the handlers. Any number of processes may do this; queues and schedule are the
 * same for all.
 */
export async function work(boss: PgBoss, { schedule, lanes }: QueueOptions, handlers: Handlers): Promise<void> {
  const patient = {
    expireInSeconds: SIX_HOURS,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    retryLimit: RETRY_LIMIT,
    retryDelay: RETRY_DELAY_SECONDS,
  };
  await boss.createQueue(QUEUES.daily, { ...patient, policy: 'exclusive' });
  // At most one job per name, waiting or active: a lane that is still running the next day is not started a second
  // time.
  await boss.createQueue(QUEUES.lane, { ...patient, policy: 'exclusive' });
  await boss.createQueue(QUEUES.retry, { ...patient, policy: 'short' });
  await boss.schedule(QUEUES.daily, schedule, {}, { tz: 'UTC', missed: 'once' });

  const polling = { pollingIntervalSeconds: POLLING_SECONDS };
  const each =
    <Data extends object>(handler: (job: Job<Data>) => Promise<void>) =>
    async (jobs: Job<Data>[]): Promise<void> => {
      for (const job of jobs) await handler(job);
    };
  await boss.work<object>(QUEUES.daily, polling, each(handlers.daily));
  await boss.work<LaneData>(QUEUES.lane, { ...polling, localConcurrency: lanes }, each(handlers.lane));
  await boss.work<LaneData>(QUEUES.retry, polling, each(handlers.lane));
}

/** Returns how many lanes were started; a lane still running from an earlier run is not started again. */
export async function sendLanes(boss: PgBoss, runId: string, lanes: number): Promise<number> {
  let sent = 0;
  for (let lane = 1; lane <= lanes; lane += 1) {
    const data: LaneData = { runId };
    if ((await boss.send(QUEUES.lane, data, { singletonKey: `lane-${lane}` })) !== null) sent += 1;
  }
  return sent;
}

/** At most one retry job waits at a time. When it runs, it schedules the next one. */
export async function sendRetry(boss: PgBoss, at: Date): Promise<void> {
  const data: LaneData = { runId: null };
  await boss.send(QUEUES.retry, data, { startAfter: at });
}
