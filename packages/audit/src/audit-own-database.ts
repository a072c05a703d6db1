import { type AuditOptions, type AuditSummary, runAudit } from './audit.ts';
import type { Finding } from './finding.ts';
import { openOwnDatabase } from './own/open-own-database.ts';
import type { Wanted } from './own/open-snapshot.ts';
import { RULE_IDS } from './rules.ts';

const STATEMENT_TIMEOUT_MS = 600_000;

/** Runs every rule on a phaselock database and collects all findings in memory. */
export async function auditOwnDatabase(
  url: string,
  {
    wanted = { kind: 'all' },
    chain = false,
    ...more
  }: { readonly wanted?: Wanted; readonly chain?: boolean } & Pick<
    AuditOptions,
    'examine' | 'examineStore' | 'listStore' | 'against' | 'logs'
  > = {},
): Promise<{ readonly findings: readonly Finding[]; readonly summary: AuditSummary }> {
  await using source = await openOwnDatabase({ url, statementTimeoutMs: STATEMENT_TIMEOUT_MS, wanted, chain });
  const findings: Finding[] = [];
  const audit = runAudit(source, {
    rules: new Set(RULE_IDS),
    deadline: null,
    maxFindings: Number.POSITIVE_INFINITY,
    concerns: () => true,
    ...more,
  });
  for (;;) {
    const next = await audit.next();
    if (next.done === true) return { findings, summary: next.value };
    findings.push(next.value);
  }
}
