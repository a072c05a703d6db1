import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';

/** Every session in this database, including the tombstones of purged sessions. */
export async function knownSessions(url: string): Promise<ReadonlySet<string>> {
  return new Set(await idsOf(url, 'select id::text from sessions union select session_id::text from archives'));
}

export const purgedSessions = (url: string): Promise<string[]> =>
  idsOf(url, 'select session_id::text as id from archives where purged_at is not null');

/** Sessions that are soft-deleted, because they were deleted or replaced. */
export const deletedSessions = (url: string): Promise<string[]> =>
  idsOf(url, 'select id::text from sessions where deleted_at is not null');

/** The time of the database's clock, which also determines the recovery target. */
export async function databaseTime(url: string): Promise<string> {
  const [now = ''] = await idsOf(
    url,
    `select to_char(clock_timestamp() at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as id`,
  );
  return now;
}

async function idsOf(url: string, sql: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ id: string }>(sql)).rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}

/** The objects of a folder store, each with the session id in its name. */
export async function objectsIn(archive: string): Promise<{ readonly session: string; readonly path: string }[]> {
  const names = await readdir(join(archive, 'sessions'), { recursive: true }).catch(() => []);
  return names.flatMap((name) => {
    const [, session] = /([\da-f-]{36})\.v\d+-/.exec(name) ?? [];
    return session === undefined ? [] : [{ session, path: join('sessions', name) }];
  });
}
