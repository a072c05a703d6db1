import { type AuditSummary, runAudit } from './audit.ts';
import type { OpenedSeal } from './evidence/open-seal.ts';
import type { ObjectExaminer } from './examine-objects.ts';
import type { StoreExaminer } from './examine-store.ts';
import type { Finding } from './finding.ts';
import { openOwnDatabase, type Wanted } from './own/open-own-database.ts';
import { RULE_IDS } from './rules.ts';

const STATEMENT_TIMEOUT_MS = 600_000;

/** Runs every rule on a phaselock database and collects all findings in memory. */
export async function auditOwnDatabase(
  url: string,
  {
    wanted = { kind: 'all' },
    chain = false,
    examine,
    examineStore,
    against,
  }: {
    readonly wanted?: Wanted;
    readonly chain?: boolean;
    readonly examine?: ObjectExaminer;
    readonly examineStore?: StoreExaminer;
    readonly against?: OpenedSeal;
  } = {},
): Promise<{ readonly findings: readonly Finding[]; readonly summary: AuditSummary }> {
  await using source = await openOwnDatabase({ url, statementTimeoutMs: STATEMENT_TIMEOUT_MS, wanted, chain });
  const findings: Finding[] = [];
  const audit = runAudit(source, {
    rules: new Set(RULE_IDS),
    deadline: null,
    maxFindings: Number.POSITIVE_INFINITY,
    concerns: () => true,
    ...(examine !== undefined && { examine }),
    ...(examineStore !== undefined && { examineStore }),
    ...(against !== undefined && { against }),
  });
  for (;;) {
    const next = await audit.next();
    if (next.done === true) return { findings, summary: next.value };
    findings.push(next.value);
  }
}
