import { setTimeout as pause } from 'node:timers/promises';
import type { AttemptId, SlotKey, TaskId } from '@phaselock/core';
import { type OpenGuard, type OpenGuardOptions, openGuard } from '@phaselock/guard';
import { type Database, type GroupLimits, openDatabase } from '@phaselock/store';

export const MODELS = ['claude-sonnet-4-5', 'claude-opus-4-5'] as const;
export type Strategy = 'pessimistic' | 'optimistic' | 'redis';

/**
 * A separate database for one scenario, so that dead rows of one scenario do not slow the next, and the guards that use
 * it.
 */
export type BenchWorld = AsyncDisposable & {
  readonly databaseUrl: string;
  readonly database: Database;
  /** Registers a resource that is closed together with this object. */
  use<Resource extends AsyncDisposable>(resource: Resource): Resource;
  guard(strategy: Strategy, options?: Partial<OpenGuardOptions>): Promise<OpenGuard>;
  tasks(count: number): Promise<TaskId[]>;
  attempt(taskId: TaskId): Promise<AttemptId>;
  settle(): Promise<void>;
};

export const slotOf = (taskId: TaskId): SlotKey => ({ taskId, phase: 'run', mode: 'standard' });
export const modelOf = (turn: number) => ({ agent: 'claude-code', model: MODELS[turn % 2] ?? MODELS[0] }) as const;

/** Sends each write in a statement of its own. */
export const ONE_AT_A_TIME: GroupLimits = { flights: Number.POSITIVE_INFINITY, most: 1, countedMs: 0 };

/** The options are those of its guards. */
export async function openBenchWorld(databaseUrl: string, given: Partial<OpenGuardOptions> = {}): Promise<BenchWorld> {
  await using resources = new AsyncDisposableStack();
  const database = resources.use(openDatabase({ url: databaseUrl }));
  const setUp = resources.use(await openGuard({ databaseUrl, invalidation: 'memory', maxSize: 4 }));
  const projectId = await setUp.addProject('bench');
  for (const name of MODELS) await setUp.addModel({ agent: 'claude-code', name });
  const owned = resources.move();
  return {
    databaseUrl,
    database,
    use: (resource) => owned.use(resource),
    async guard(strategy, options = {}) {
      const flags = { pessimistic_locking_enabled: strategy === 'pessimistic', locking_strategy: strategy };
      return owned.use(
        await openGuard({ databaseUrl, invalidation: 'memory', flags: () => flags, ...given, ...options }),
      );
    },
    tasks: (count) => Promise.all(Array.from({ length: count }, () => setUp.addTask(projectId, 'a task'))),
    attempt: (taskId) => setUp.addAttempt(taskId),
    // Vacuums and checkpoints before a measurement: dead rows, an autovacuum, plans made for empty tables or a
    // checkpoint would otherwise distort it.
    async settle() {
      await database.pool.pg.query('vacuum (analyze)');
      await database.pool.pg.query('checkpoint');
      await pause(50);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
