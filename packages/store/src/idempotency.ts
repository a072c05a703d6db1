import { type Kysely, sql as raw } from 'kysely';
import type { IdempotencyRow } from './open-session.ts';
import type { Schema } from './schema.ts';
import type { Sql, Statement, Writer } from './sql.ts';

const IDEMPOTENT_RESPONSE: Statement = {
  name: 'idempotent_response',
  text: 'select request_hash, response from idempotency_keys where scope = $1 and key = $2 and expires_at > clock_timestamp()',
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

// An expired key is free again; the sweep only has to run now and then.
const SWEEP: Statement = {
  name: 'sweep_idempotency_keys',
  text: 'delete from idempotency_keys where expires_at <= clock_timestamp()',
};

export async function sweepIdempotencyKeys(sql: Sql): Promise<void> {
  await sql.query(SWEEP, []);
}

const TAKE_KEY: Statement = { name: 'take_idempotency_key', text: 'select take_idempotency_key($1, $2, $3, $4)' };

/** The last write of its effect's transaction: a twin waits here and then learns that it is one. */
export async function takeIdempotencyKey(
  writer: Writer,
  { scope, key, requestHash, response }: IdempotencyRow,
): Promise<void> {
  await writer.queryAndCommit(TAKE_KEY, [scope, key, requestHash, JSON.stringify(response)]);
}

/** An effect made of ordinary queries, with its key in one transaction. */
export async function withIdempotencyKey(
  db: Kysely<Schema>,
  { scope, key, requestHash, response }: IdempotencyRow,
  effect: (db: Kysely<Schema>) => Promise<void>,
): Promise<void> {
  await db.transaction().execute(async (transaction) => {
    await raw`select take_idempotency_key(${scope}, ${key}, ${requestHash}, ${JSON.stringify(response)})`.execute(
      transaction,
    );
    await effect(transaction);
  });
}
