import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_MODEL_POLICY, type ModelPolicy, type SlotKey, type SlotState } from '@phaselock/core';
import {
  chooseStrategy,
  createLocking,
  DEFAULT_RETRY,
  type Deadline,
  type LockFlags,
  type Locking,
  optimisticLock,
  pessimisticLock,
  type RedisCommands,
  redisLock,
} from '@phaselock/locking';
import { type Database, type DatabaseOptions, LeftOut, openDatabase, type Writer } from '@phaselock/store';
import { createTelemetry, type Logger, silentLogger, type Telemetry } from '@phaselock/telemetry';
import { boundPoolWaits } from './bound-pool-waits.ts';
import { type CallerTime, createCallerTime } from './caller-time.ts';
import { catalogueView } from './catalogue-view.ts';
import type { GuardContext, GuardSettings } from './context.ts';
import { DEFAULT_SETTINGS, LOCK_HOLD_MS } from './defaults.ts';
import { isContention, isLockTimeout, isRetryable } from './failures.ts';
import { createGuard, type Guard } from './guard.ts';
import { rememberGuardedTasks } from './guarded-tasks.ts';
import { idSource } from './id-source.ts';
import { rememberOwners } from './known-owners.ts';
import { connectRedis } from './redis-connection.ts';
import { reportStorageFull } from './report-storage-full.ts';
import { openLockedSlot } from './slot-lock-transactions.ts';
import { type InvalidationBusChoice, openSnapshots } from './slot-snapshots.ts';

export type OpenGuardOptions = Omit<DatabaseOptions, 'url' | 'whoWaits'> & {
  readonly databaseUrl: string;
  /** Shares snapshots and invalidations between processes, and serves the `redis` locking strategy. */
  readonly redisUrl?: string;
  /**
   * How other processes are notified of changes: by default Redis if `redisUrl` is set, else PostgreSQL. `memory` is
   * for a single process.
   */
  readonly invalidation?: InvalidationBusChoice;
  /** Chooses the locking strategy for each slot. By default slots are locked pessimistically. */
  readonly flags?: (slot: SlotKey) => LockFlags | Promise<LockFlags>;
  readonly policy?: ModelPolicy;
  readonly settings?: Partial<GuardSettings>;
  readonly logger?: Logger;
  readonly telemetry?: Telemetry;
  /**
   * State of the embedded server if this process supervises one. While a full disk keeps it from starting, calls fail
   * with `storage_full`.
   */
  readonly serverState?: GuardContext['serverState'];
  readonly racepoint?: GuardContext['racepoint'];
  /** Request deadlines, shared with code outside the guard that serves the same callers. */
  readonly time?: CallerTime;
};

const INITIAL_LOCKS: LockFlags = { pessimistic_locking_enabled: true, locking_strategy: undefined };

export type OpenGuard = Guard & {
  readonly database: Database;
  readonly telemetry: Telemetry;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Opens the database pool, the snapshot cache and the locks, and creates the guard. The caller must dispose of it, best
 * with `await using`.
 */
export async function openGuard(options: OpenGuardOptions): Promise<OpenGuard> {
  const {
    databaseUrl,
    redisUrl,
    time = createCallerTime(),
    flags: locks = () => INITIAL_LOCKS,
    policy = DEFAULT_MODEL_POLICY,
    ...poolOptions
  } = options;
  await using resources = new AsyncDisposableStack();
  const telemetry = options.telemetry ?? createTelemetry();
  const logger = options.logger ?? silentLogger();
  const now = (): number => performance.now();

  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const poolWaits = boundPoolWaits(poolOptions, settings.deadlineMs);
  const whoWaits = (): Deadline | undefined => time.current();
  const database = resources.use(openDatabase({ ...poolOptions, ...poolWaits, whoWaits, url: databaseUrl }));
  database.pool.observe(telemetry.pool);
  database.observeGroups(telemetry.groups);
  resources.defer(telemetry.pool.observe(() => database.pool.stats()));
  const redis = redisUrl === undefined ? undefined : resources.use(connectRedis(redisUrl));
  const invalidation = options.invalidation ?? (redis === undefined ? 'postgres' : 'redis');
  const snapshots = resources.use(openSnapshots({ invalidation, redis, databaseUrl, telemetry, logger }));

  const ctx: GuardContext = {
    database,
    locking: createSlotLocking({ database, snapshots, redis: redis?.locks, telemetry, now }),
    snapshots,
    catalogue: catalogueView(database, policy, { now, time }),
    guardedTasks: rememberGuardedTasks(),
    owners: rememberOwners(),
    chooseStrategy: async (slot) => chooseStrategy(await locks(slot)),
    telemetry,
    logger,
    settings,
    now,
    time,
    newId: idSource(Date.now),
    serverState: options.serverState ?? (() => 'running'),
    reportStorageFull: reportStorageFull(logger, now),
    racepoint: options.racepoint,
  };

  const owned = resources.move();
  return { ...createGuard(ctx), database, telemetry, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

type SlotLockingParts = Pick<GuardContext, 'database' | 'snapshots' | 'telemetry' | 'now'> & {
  readonly redis: RedisCommands | undefined;
};

function createSlotLocking({
  database,
  snapshots,
  redis,
  telemetry,
  now,
}: SlotLockingParts): Locking<SlotState, Writer> {
  const wait = async (ms: number): Promise<void> => void (await sleep(ms));
  const random = Math.random;
  const contended = (): void => telemetry.lock.contended('redis');
  return createLocking<SlotState, Writer>({
    locks: {
      pessimistic: pessimisticLock(openLockedSlot(database, snapshots), {
        holdMs: LOCK_HOLD_MS,
        contended: () => telemetry.lock.contended('pessimistic'),
        isLeftOut: (error) => error instanceof LeftOut,
      }),
      optimistic: optimisticLock(),
      // Without Redis, the `redis` strategy is the plain compare-and-set that it would fall back to.
      redis:
        redis === undefined
          ? optimisticLock()
          : redisLock({
              redis,
              holdMs: LOCK_HOLD_MS,
              commandTimeoutMs: 50,
              token: randomUUID,
              random,
              sleep: wait,
              contended,
            }),
    },
    observer: telemetry.lock,
    retry: DEFAULT_RETRY,
    random,
    sleep: wait,
    now,
    isRetryable,
    isLockTimeout,
    isContention,
  });
}
