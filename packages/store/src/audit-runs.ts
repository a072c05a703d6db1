import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export type AuditRun = {
  readonly finishedAt: Date;
  readonly errors: number;
  readonly warnings: number;
  readonly undecidable: number;
};

/** The last recorded audit of the whole database. Audits of one attempt or a sample are left out. */
export async function lastAudit(db: Kysely<Schema>): Promise<AuditRun | undefined> {
  return await db
    .selectFrom('audit_runs')
    .select(['finished_at as finishedAt', 'errors', 'warnings', 'undecidable'])
    .where('scope', '=', 'all')
    .orderBy('finished_at', 'desc')
    .limit(1)
    .executeTakeFirst();
}
