import type { ApiKeyId, ProjectId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import type { PageAfter } from './page.ts';
import type { Schema } from './schema.ts';
import type { Sql, Statement } from './sql.ts';

/** A key as listed. It leaves out the hash of the secret, which only authentication reads. */
export type ApiKeyRow = {
  readonly id: ApiKeyId;
  readonly prefix: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly projectId: ProjectId | null;
  readonly createdAt: Date;
  readonly lastUsedAt: Date | null;
  readonly revokedAt: Date | null;
};

export type NewApiKey = Pick<ApiKeyRow, 'id' | 'prefix' | 'name' | 'scopes' | 'projectId'> & {
  readonly secretSha256: Buffer;
};

export type StoredApiKey = Pick<ApiKeyRow, 'id' | 'name' | 'scopes' | 'projectId' | 'revokedAt'> & {
  readonly secretSha256: Buffer;
};

export async function addApiKey(
  db: Kysely<Schema>,
  { id, prefix, name, scopes, projectId, secretSha256 }: NewApiKey,
): Promise<void> {
  await db
    .insertInto('api_keys')
    .values({ id, prefix, name, scopes: [...scopes], project_id: projectId, secret_sha256: secretSha256 })
    .execute();
}

// A prepared statement, because it runs every few seconds for each key in use. The prefix is unique.
const FIND_API_KEY: Statement = {
  name: 'find_api_key',
  text: `select id, name, scopes, project_id as "projectId", revoked_at as "revokedAt", secret_sha256 as "secretSha256"
         from api_keys where prefix = $1`,
};

export async function findApiKey(sqlDoor: Sql, prefix: string): Promise<StoredApiKey | undefined> {
  const [row] = await sqlDoor.query<StoredApiKey>(FIND_API_KEY, [prefix]);
  return row;
}

export async function listApiKeys(db: Kysely<Schema>, { limit, after }: PageAfter<ApiKeyId>): Promise<ApiKeyRow[]> {
  const query = db
    .selectFrom('api_keys')
    .select(['id', 'prefix', 'name', 'scopes', 'project_id as projectId'])
    .select(['created_at as createdAt', 'last_used_at as lastUsedAt', 'revoked_at as revokedAt'])
    .orderBy('id', 'desc')
    .limit(limit);
  return await (after === undefined ? query : query.where('id', '<', after)).execute();
}

const now = sql<Date>`clock_timestamp()`;

export type RevokedKey = 'revoked' | 'last-admin' | 'not-found';

/**
 * Revokes a key; a second revocation changes nothing. Unless `evenLast` is set, the last valid admin key is kept.
 * Revocations run one after the other, because two administrators who revoke each other’s keys at the same time
 * must not both succeed.
 */
export const revokeApiKey = (
  db: Kysely<Schema>,
  id: ApiKeyId,
  { evenLast }: { readonly evenLast: boolean },
): Promise<RevokedKey> =>
  db.transaction().execute(async (tx) => {
    // Blocks every other write to the table, but no reader.
    await sql`lock table api_keys in share row exclusive mode`.execute(tx);
    if (!evenLast && (await isLastAdmin(tx, id))) return 'last-admin';
    const revoked = await tx
      .updateTable('api_keys')
      .set(({ fn, ref }) => ({ revoked_at: fn.coalesce(ref('revoked_at'), now) }))
      .where('id', '=', id)
      .executeTakeFirst();
    return revoked.numUpdatedRows > 0n ? 'revoked' : 'not-found';
  });

async function isLastAdmin(db: Kysely<Schema>, id: ApiKeyId): Promise<boolean> {
  const admins = await db
    .selectFrom('api_keys')
    .select('id')
    .where('revoked_at', 'is', null)
    .where('project_id', 'is', null)
    .where(sql<boolean>`'admin' = any (scopes)`)
    .limit(2)
    .execute();
  return admins.length === 1 && admins[0]?.id === id;
}

export async function touchApiKeys(db: Kysely<Schema>, ids: readonly ApiKeyId[]): Promise<void> {
  if (ids.length === 0) return;
  await db.updateTable('api_keys').set({ last_used_at: now }).where('id', 'in', ids).execute();
}
