import { SourceFailure } from '../source.ts';
import { connect } from './connect.ts';
import type { Wanted } from './open-snapshot.ts';

/** The row of `audit_runs` for one complete audit. */
export type AuditRecord = {
  readonly release: string;
  readonly scope: Exclude<Wanted['kind'], 'since-seal'>;
  readonly sessions: number;
  readonly errors: number;
  /** Without the undecidable ones. */
  readonly warnings: number;
  readonly undecidable: number;
};

const STATEMENT_TIMEOUT_MS = 10_000;

/** Messages for known causes, by SQLSTATE. */
const WHY: Readonly<Record<string, string>> = {
  '42P01': 'the database has no table audit_runs: run the migrations of this release',
  '42501': 'the right to insert is missing: `grant insert on audit_runs to …`',
  '25006': 'the database is read-only: name the primary with --record-to',
};

/**
 * Stores the result of a complete audit over a connection that writes only this row. The audit itself reads in a
 * read-only transaction.
 */
export async function recordAudit(url: string, record: AuditRecord): Promise<void> {
  const { release, scope, sessions, errors, warnings, undecidable } = record;
  try {
    await using connection = await connect(url);
    const { client } = connection;
    await client.query(`begin read write; set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
    await client.query(
      'insert into audit_runs (release, scope, sessions, errors, warnings, undecidable) values ($1, $2, $3, $4, $5, $6)',
      [release, scope, sessions, errors, warnings, undecidable],
    );
    await client.query('commit');
  } catch (error) {
    throw new SourceFailure(reasonOf(error), { cause: error });
  }
}

function reasonOf(error: unknown): string {
  const known = error instanceof Error && 'code' in error ? WHY[String(error.code)] : undefined;
  if (known !== undefined) return known;
  return error instanceof Error ? error.message : String(error);
}
