import type { RuleText } from './rule-text.ts';

/** The audit itself. */
export const metaRules = {
  SV901: {
    name: 'rule-did-not-run',
    family: 'meta',
    severity: 'warning',
    rule: 'Every rule that was asked for was run to its end.',
    cause: 'The time was over, or the source cannot answer it.',
    risk: 'A report without findings would say more than it knows.',
    cure: 'Give it more time, or leave the rule out with --skip.',
  },
  SV902: {
    name: 'baseline-stale',
    family: 'meta',
    severity: 'warning',
    rule: 'What the baseline excuses is still there.',
    cause: 'It was put right.',
    risk: 'The same thing could come back unseen.',
    cure: 'Run once with --prune-baseline.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
