import { Client } from 'pg';

export type SteppedClock = AsyncDisposable & {
  /** Sets the database's clock ahead of the real clock by this much; a smaller value than before moves it back. */
  setAhead(ms: number): Promise<void>;
  /** For programs that refuse to call functions that hide the built-in ones. They read the real clock. */
  readonly realClockUrl: string;
};

/**
 * Gives one database a clock that tests can move forward and back. A schema that PostgreSQL searches before
 * `pg_catalog` overrides the two functions from which the product reads the time. Connections opened earlier keep the
 * real clock.
 */
export async function stepClockOf(databaseUrl: string): Promise<SteppedClock> {
  const client = new Client({ connectionString: databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  await client.query(`
    create schema stepped;
    create table stepped.clock (ahead interval not null);
    insert into stepped.clock values ('0');
    create function stepped.clock_timestamp() returns timestamptz language sql volatile as
      'select pg_catalog.clock_timestamp() + ahead from stepped.clock';
    create function stepped.now() returns timestamptz language sql stable as
      'select pg_catalog.now() + ahead from stepped.clock';
    do $$ begin
      execute format('alter database %I set search_path = public, stepped, pg_catalog', current_database());
    end $$`);
  const realClockUrl = new URL(databaseUrl);
  realClockUrl.searchParams.set('options', '-c search_path=public');
  return {
    realClockUrl: realClockUrl.href,
    async setAhead(ms) {
      await client.query('update stepped.clock set ahead = make_interval(secs => $1::float8 / 1000)', [ms]);
    },
    [Symbol.asyncDispose]: () => client.end(),
  };
}
