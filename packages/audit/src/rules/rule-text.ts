import type { Severity } from '../severity.ts';

/** Groups of rules, with the headings under which they are listed. */
export const FAMILIES = {
  transition: 'How each process started',
  lifecycle: 'Creation, replacement and end of sessions',
  integrity: 'References and schema',
  ownership: 'Owners of conversations and usage',
  archive: 'Archives and purged sessions',
  evidence: 'Hash chains and seals',
  meta: 'The audit itself',
} as const;

type Family = keyof typeof FAMILIES;

export type RuleText = {
  readonly name: string;
  readonly family: Family;
  readonly severity: Severity;
  /** The requirement, as a statement that is true of a correct history. */
  readonly rule: string;
  /** How the rule can be broken. */
  readonly cause: string;
  /** The harm if the rule is broken. */
  readonly risk: string;
  /** How an operator corrects it. */
  readonly cure: string;
};
