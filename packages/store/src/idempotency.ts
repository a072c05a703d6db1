import { type Kysely, sql as raw } from 'kysely';
import type { IdempotencyRow } from './open-session.ts';
import type { Schema } from './schema.ts';
import { judgedClock, type Sql, type Statement, type Writer, writeCall } from './sql.ts';

const IDEMPOTENT_RESPONSE: Statement = {
  name: 'idempotent_response',
  text: 'select request_hash, response from idempotency_keys where scope = $1 and key = $2 and expires_at > clock_timestamp()',
  reads: true,
};

export type IdempotentResponse = { readonly request_hash: string; readonly response: unknown };

export async function readIdempotentResponse(
  sql: Sql,
  scope: string,
  key: string,
): Promise<IdempotentResponse | undefined> {
  const [row] = await sql.query<IdempotentResponse>(IDEMPOTENT_RESPONSE, [scope, key]);
  return row;
}

const IDEMPOTENT_RESPONSES: Statement = {
  name: 'idempotent_responses',
  text: `select key, request_hash, response from idempotency_keys
         where scope = $1 and key = any ($2) and expires_at > clock_timestamp()`,
};

/** Reads many keys of one caller; the result is indexed by key. */
export async function readIdempotentResponses(
  sql: Sql,
  scope: string,
  keys: readonly string[],
): Promise<ReadonlyMap<string, IdempotentResponse>> {
  const rows = await sql.query<IdempotentResponse & { key: string }>(IDEMPOTENT_RESPONSES, [scope, keys]);
  return new Map(rows.map((row) => [row.key, row]));
}

const KEEP_RESPONSES: Statement = {
  name: 'keep_idempotent_responses',
  text: `insert into idempotency_keys (scope, key, request_hash, response)
         select r.scope, r.key, r.request_hash, r.response
         from jsonb_to_recordset($1) as r(scope text, key text, request_hash text, response jsonb)
         on conflict (scope, key) do update set request_hash = excluded.request_hash, response = excluded.response,
           created_at = excluded.created_at, expires_at = excluded.expires_at
           where idempotency_keys.expires_at <= clock_timestamp()
         returning key, ${judgedClock(2)}`,
  inTime: 'window',
};

/** Stores responses of requests that wrote nothing else. Returns the stored keys, without those already in use. */
export async function keepIdempotentResponses(sql: Sql, rows: readonly IdempotencyRow[]): Promise<readonly string[]> {
  if (rows.length === 0) return [];
  const given = rows.map(({ scope, key, requestHash, response }) => ({
    scope,
    key,
    request_hash: requestHash,
    response,
  }));
  return (await sql.query<{ key: string }>(KEEP_RESPONSES, [JSON.stringify(given)])).map(({ key }) => key);
}

// An expired key can be reused even before the sweep, so the sweep only has to run occasionally.
const SWEEP: Statement = {
  name: 'sweep_idempotency_keys',
  text: `
    delete from idempotency_keys where ctid = any (array(
      select ctid from idempotency_keys where expires_at <= clock_timestamp() limit $1 for update skip locked)) returning key`,
};

/** Limits each statement, so that it ends before the statement time-out when many keys have expired. */
const SWEPT_AT_ONCE = 2_000;

export async function sweepIdempotencyKeys(sql: Sql): Promise<void> {
  while ((await sql.query(SWEEP, [SWEPT_AT_ONCE])).length === SWEPT_AT_ONCE);
}

const TAKE_KEY = writeCall('take_idempotency_key', 4);

/**
 * Stores the key as the last write of its transaction. A concurrent call with the same key waits here and then fails as
 * a duplicate.
 */
export async function takeIdempotencyKey(
  writer: Writer,
  { scope, key, requestHash, response }: IdempotencyRow,
): Promise<void> {
  await writer.queryAndCommit(TAKE_KEY, [scope, key, requestHash, JSON.stringify(response)]);
}

/** Runs the queries of an effect and stores its key in one transaction. */
export async function withIdempotencyKey<Result>(
  db: Kysely<Schema>,
  { scope, key, requestHash, response }: IdempotencyRow,
  effect: (db: Kysely<Schema>) => Promise<Result>,
): Promise<Result> {
  return await db.transaction().execute(async (transaction) => {
    await raw`select take_idempotency_key(${scope}, ${key}, ${requestHash}, ${JSON.stringify(response)})`.execute(
      transaction,
    );
    return await effect(transaction);
  });
}
