import { type ConstructorOptions, type Job, PgBoss } from 'pg-boss';

/** The day's run, which is cut into lanes; a lane works until nothing is due; a retry is a lane at the time the earliest failure may be tried again. */
const QUEUES = { daily: 'archive-daily', lane: 'archive-lane', retry: 'archive-retry' } as const;

export type LaneData = { readonly runId: string | null };

const SIX_HOURS = 21_600;
/** A worker that says nothing for this long is dead, and its lane somebody else's. */
const HEARTBEAT_SECONDS = 60;
const RETRY_LIMIT = 20;
const RETRY_DELAY_SECONDS = 10;
const POLLING_SECONDS = 2;

export type QueueOptions = {
  readonly databaseUrl: string;
  readonly schedule: string;
  readonly lanes: number;
  readonly onError: (error: unknown) => void;
  /** Of a test, whose clock is moved by hand. */
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

/** Any number of processes may; the queues and the schedule are the same for all. */
export async function work(boss: PgBoss, { schedule, lanes }: QueueOptions, handlers: Handlers): Promise<void> {
  const patient = {
    expireInSeconds: SIX_HOURS,
    heartbeatSeconds: HEARTBEAT_SECONDS,
    retryLimit: RETRY_LIMIT,
    retryDelay: RETRY_DELAY_SECONDS,
  };
  await boss.createQueue(QUEUES.daily, { ...patient, policy: 'exclusive' });
  // One of a name, waiting or at work: a lane that still runs tomorrow is not begun beside itself.
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

/** How many lanes were begun; one that is still at work from another run is not begun again. */
export async function sendLanes(boss: PgBoss, runId: string, lanes: number): Promise<number> {
  let sent = 0;
  for (let lane = 1; lane <= lanes; lane += 1) {
    const data: LaneData = { runId };
    if ((await boss.send(QUEUES.lane, data, { singletonKey: `lane-${lane}` })) !== null) sent += 1;
  }
  return sent;
}

/** One waits at a time: when it runs it sends for what is due after it. */
export async function sendRetry(boss: PgBoss, at: Date): Promise<void> {
  const data: LaneData = { runId: null };
  await boss.send(QUEUES.retry, data, { startAfter: at });
}
