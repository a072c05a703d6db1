import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export type AuditRun = {
  readonly finishedAt: Date;
  readonly errors: number;
  readonly warnings: number;
  readonly undecidable: number;
};

/**
 * The last recorded audit of the whole database, or of what changed since a seal or a time. Audits of one task, of an
 * attempt or of a sample are left out.
 */
export async function lastAudit(db: Kysely<Schema>, scope: 'all' | 'since'): Promise<AuditRun | undefined> {
  return await db
    .selectFrom('audit_runs')
    .select(['finished_at as finishedAt', 'errors', 'warnings', 'undecidable'])
    .where('scope', '=', scope)
    // Full audits have an index on their time. Incremental ones are frequent, so the last is near the end of the table.
    .orderBy(scope === 'all' ? 'finished_at' : 'id', 'desc')
    .limit(1)
    .executeTakeFirst();
}
