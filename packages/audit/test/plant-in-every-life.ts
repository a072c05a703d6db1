import { openTestGuard, type TestGuard } from '@phaselock/testkit';
import { everyLife, type Lives } from './every-life.ts';
import { keepTables, plant } from './kept-tables.ts';

/** A history of `everyLife` in which corruptions are planted, one after the other. */
export type PlantedHistory = AsyncDisposable & {
  readonly home: TestGuard;
  readonly lives: Lives;
  /** Plants statements, with `$name` for an id of the history. Disposing restores the history. */
  plant(statements: readonly string[]): Promise<AsyncDisposable>;
};

export async function plantInEveryLife(): Promise<PlantedHistory> {
  const home = await openTestGuard();
  const lives = await everyLife(home);
  const { pg } = home.guard.database.pool;
  const restore = await keepTables(pg);
  const named = (sql: string): string =>
    sql.replaceAll(/\$([A-Za-z]+)/g, (_, name: string) => {
      const id = lives[name];
      if (id === undefined) throw new Error(`the history has no ${name}`);
      return id;
    });
  return {
    home,
    lives,
    plant: async (statements) => {
      await plant(pg, statements.map(named));
      return { [Symbol.asyncDispose]: restore };
    },
    [Symbol.asyncDispose]: () => home[Symbol.asyncDispose](),
  };
}
