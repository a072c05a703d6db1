export { type AuditOptions, type AuditSummary, runAudit } from './audit.ts';
export { auditOwnDatabase } from './audit-own-database.ts';
export type { Check, Row } from './check.ts';
export { type Finding, fingerprintOf, type Severity } from './finding.ts';
export { judgeTurn, modelChangeBetween, type SourceTraits, type TurnVerdict } from './judge-turn.ts';
export { openOwnDatabase, type Wanted } from './own/open-own-database.ts';
export { FAMILIES, findRule, isRuleId, RULE_IDS, RULES, type RuleId, type RuleText } from './rules.ts';
export { type Counts, NotFound, type Source, SourceFailure } from './source.ts';
