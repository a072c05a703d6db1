import type { Severity } from '../finding.ts';

export const FAMILIES = {
  transition: 'How each process began, against what the models ask for',
  lifecycle: 'How sessions are born, replaced and end',
  integrity: 'Whether what refers to something refers to what is there',
  ownership: 'Whose conversation it is',
  archive: 'Whether what was deleted was kept',
  meta: 'The audit itself',
} as const;

type Family = keyof typeof FAMILIES;

export type RuleText = {
  readonly name: string;
  readonly family: Family;
  readonly severity: Severity;
  /** What holds when all is well. */
  readonly rule: string;
  /** How it comes to be broken. */
  readonly cause: string;
  readonly risk: string;
  readonly cure: string;
};
