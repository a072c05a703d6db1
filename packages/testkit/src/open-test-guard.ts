import { type OpenGuard, type OpenGuardOptions, openGuard } from '@phaselock/guard';
import { eventually } from './eventually.ts';
import { createTestDatabase } from './test-database.ts';
import { createWorld, type World } from './world.ts';

export type TestGuard = AsyncDisposable & {
  readonly guard: OpenGuard;
  readonly world: World;
  readonly databaseUrl: string;
  /** Opens a second guard on the same database. The two share nothing but PostgreSQL. */
  another(options?: Partial<OpenGuardOptions>): Promise<OpenGuard>;
};

/**
 * Opens a guard on a new database with models to choose from. Closing it fails if a connection was not returned to the
 * pool.
 */
export async function openTestGuard(options: Partial<OpenGuardOptions> = {}): Promise<TestGuard> {
  const stack = new AsyncDisposableStack();
  const { url: databaseUrl } = stack.use(await createTestDatabase());
  const another: TestGuard['another'] = async (more = {}) => {
    const guard = stack.use(await openGuard({ databaseUrl, invalidation: 'memory', ...options, ...more }));
    stack.defer(() => allGivenBack(guard));
    return guard;
  };
  try {
    const guard = await another();
    const world = await createWorld(guard);
    return { guard, world, databaseUrl, another, [Symbol.asyncDispose]: () => stack.disposeAsync() };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function allGivenBack({ database: { pool } }: OpenGuard): Promise<void> {
  await eventually(() => {
    const { active, waiting } = pool.stats();
    if (active + waiting > 0) throw new Error(`${active} connections were not returned, ${waiting} callers wait`);
  });
}

/** The flags that choose one locking strategy for every task. */
export const lockedBy = (strategy: string): Pick<OpenGuardOptions, 'flags'> => ({
  flags: () => ({ pessimistic_locking_enabled: strategy === 'pessimistic', locking_strategy: strategy }),
});
