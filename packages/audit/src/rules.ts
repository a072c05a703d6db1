import { archiveRules } from './rules/archive.ts';
import { evidenceRules } from './rules/evidence.ts';
import { integrityRules } from './rules/integrity.ts';
import { lifecycleRules } from './rules/lifecycle.ts';
import { metaRules } from './rules/meta.ts';
import { ownershipRules } from './rules/ownership.ts';
import { transitionRules } from './rules/transition.ts';

export { FAMILIES, type RuleText } from './rules/rule-text.ts';

/** All rules. The id of a removed rule is never reused. docs/rules is generated from this. */
export const RULES = {
  ...transitionRules,
  ...lifecycleRules,
  ...integrityRules,
  ...ownershipRules,
  ...archiveRules,
  ...evidenceRules,
  ...metaRules,
} as const;

export type RuleId = keyof typeof RULES;
export const isRuleId = (text: string): text is RuleId => Object.hasOwn(RULES, text);
export const RULE_IDS: readonly RuleId[] = Object.keys(RULES).filter(isRuleId);
/** Finds a rule by id or name, ignoring case. */
export const findRule = (text: string): RuleId | undefined =>
  RULE_IDS.find((id) => id === text.toUpperCase() || RULES[id].name === text.toLowerCase());
