export type { Examined, ObjectExaminer, RecordedObject } from './archive/examine-objects.ts';
export type { RecordedStore, StoreExaminer } from './archive/examine-store.ts';
export type { StoreLister } from './archive/find-unknown-objects.ts';
export { type AuditOptions, type AuditSummary, rulesThatRun, runAudit } from './audit.ts';
export { auditOwnDatabase } from './audit-own-database.ts';
export { type Check, finding, type Row } from './check.ts';
export { RIGHTS_TO_READ_CLUSTER } from './evidence/cluster.ts';
export { makeSeal } from './evidence/make-seal.ts';
export { demandComparable, type OpenedSeal, openSeal, readSeal } from './evidence/open-seal.ts';
export { checkProof } from './evidence/proof-text.ts';
export { prove } from './evidence/prove.ts';
export { formatSeal, type Seal } from './evidence/seal-text.ts';
export {
  formatSigningKey,
  formatVerifyingKey,
  isSecret,
  newSigningKey,
  parseSigningKey,
  parseVerifyingKey,
  type SigningKey,
  signNote,
  type VerifyingKey,
  verifyingKeyOf,
} from './evidence/signed-note.ts';
export { type Finding, fingerprintOf } from './finding.ts';
export { judgeTurn, modelChangeBetween, type SourceTraits, type TurnVerdict } from './judge-turn.ts';
export { openOwnDatabase } from './own/open-own-database.ts';
export type { Wanted } from './own/open-snapshot.ts';
export { type AuditRecord, recordAudit } from './own/record-audit.ts';
export { repairText } from './repair-text.ts';
export { FAMILIES, findRule, isRuleId, RULE_IDS, RULES, type RuleId, type RuleText } from './rules.ts';
export type { Severity } from './severity.ts';
export { type Counts, NotFound, OtherSchema, type Source, SourceFailure, type WhatWasRead } from './source.ts';
export { openClaudeServer } from './sources/claude-server.ts';
export { openObra } from './sources/obra.ts';
export { openVibeKanban } from './sources/vibe-kanban.ts';
