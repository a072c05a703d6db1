import { SourceFailure } from '../source.ts';
import { connect } from './connect.ts';
import type { Wanted } from './open-own-database.ts';

export type AuditRecord = {
  readonly release: string;
  readonly scope: Wanted['kind'];
  readonly sessions: number;
  readonly errors: number;
  /** Those that are undecidable are not among them. */
  readonly warnings: number;
  readonly undecidable: number;
};

const STATEMENT_TIMEOUT_MS = 10_000;

/** What is in the way, by the state of the refusal. */
const WHY: Readonly<Record<string, string>> = {
  '42P01': 'it has no table audit_runs: run the migrations of this release',
  '42501': 'it takes the right to insert: `grant insert on audit_runs to …`',
  '25006': 'it can only be read: name the primary with --record-to',
};

/**
 * That a complete audit ended, and with what: by a connection of its own, which writes this row and nothing else. The audit itself goes on reading in a
 * transaction that cannot write.
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
