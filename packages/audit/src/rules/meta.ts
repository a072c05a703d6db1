import type { RuleText } from './rule-text.ts';

/** Rules on the audit itself. */
export const metaRules = {
  SV901: {
    name: 'rule-did-not-run',
    family: 'meta',
    severity: 'warning',
    rule: 'Every requested rule ran to its end.',
    cause: 'The time limit was reached, the source cannot answer the query, or there was nothing to read.',
    risk: 'A report without findings would be misleading.',
    cure: 'Give the audit more time, or leave the rule out with --skip. If an empty history is right, give --allow-empty.',
  },
  SV902: {
    name: 'baseline-stale',
    family: 'meta',
    severity: 'warning',
    rule: 'Each finding that the baseline excuses still occurs.',
    cause: 'The finding was corrected.',
    risk: 'If the same finding occurs again, the baseline hides it.',
    cure: 'Run once with --prune-baseline.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
