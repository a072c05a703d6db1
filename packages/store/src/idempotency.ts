import type { Sql, Statement } from './sql.ts';

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
