import type { Severity } from '../severity.ts';

export const FAMILIES = {
  transition: 'How each process started',
  lifecycle: 'Creation, replacement and end of sessions',
  integrity: 'References and schema',
  ownership: 'Owners of conversations and usage',
  archive: 'Archives and purged sessions',
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
  readonly risk: string;
  readonly cure: string;
};
