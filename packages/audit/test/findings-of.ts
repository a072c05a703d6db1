import { runAudit } from '../src/audit.ts';
import type { Finding } from '../src/finding.ts';
import { RULE_IDS, type RuleId } from '../src/rules.ts';
import type { Source } from '../src/source.ts';

/** Audits a source, closes it, and returns its findings. Throws if a rule did not run to its end. */
export async function findingsOf(opened: Source, rules: readonly RuleId[] = RULE_IDS): Promise<Finding[]> {
  await using source = opened;
  const findings: Finding[] = [];
  const audit = runAudit(source, {
    rules: new Set(rules),
    deadline: null,
    maxFindings: 10_000,
    concerns: () => true,
  });
  for (;;) {
    const next = await audit.next();
    if (next.done === true) {
      if (next.value.incomplete.length > 0) throw new Error(JSON.stringify(next.value.incomplete));
      return findings;
    }
    findings.push(next.value);
  }
}
