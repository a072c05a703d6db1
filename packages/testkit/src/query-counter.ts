import type { OpenGuard } from '@phaselock/guard';
import type { PoolClient } from 'pg';

export type QueryCount = {
  /** The names of the statements, or their text where they have none, in the order they were sent. */
  readonly statements: readonly string[];
  /** Statements sent while an earlier one is unanswered count as the same round trip. */
  readonly roundTrips: number;
};

/**
 * The guard caches the model catalogue for two seconds. Statements that reload it are not counted: they belong to no
 * particular operation.
 */
const OF_THE_CATALOGUE = /from "(models|profiles)"|where "unlisted_models" = /;

/** Records the statements that the guard sends to PostgreSQL while the work runs. */
export async function countQueries(guard: OpenGuard, work: () => Promise<unknown>): Promise<QueryCount> {
  const statements: string[] = [];
  let roundTrips = 0;
  const unwatched = new Map<PoolClient, unknown>();
  const watch = (client: PoolClient): void => {
    if (unwatched.has(client)) return;
    let onTheWay = 0;
    const { query } = client;
    const watched = new Proxy(query, {
      apply(target, self, args) {
        const title = titleOf(args[0]);
        if (OF_THE_CATALOGUE.test(title)) return Reflect.apply(target, self, args);
        statements.push(title);
        if (onTheWay === 0) roundTrips += 1;
        onTheWay += 1;
        const arrived = (): void => {
          onTheWay -= 1;
        };
        const answer: unknown = Reflect.apply(target, self, args);
        if (answer instanceof Promise) answer.then(arrived, arrived);
        return answer;
      },
    });
    Reflect.set(client, 'query', watched);
    unwatched.set(client, query);
  };
  const { pg } = guard.database.pool;
  pg.on('acquire', watch);
  try {
    await work();
  } finally {
    pg.off('acquire', watch);
    for (const [client, query] of unwatched) Reflect.set(client, 'query', query);
  }
  return { statements, roundTrips };
}

function titleOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  if (typeof statement !== 'object' || statement === null) return String(statement);
  if ('name' in statement && typeof statement.name === 'string') return statement.name;
  return 'text' in statement ? String(statement.text) : String(statement);
}
