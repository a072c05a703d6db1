import type { RuleText } from './rule-text.ts';

/** Whether what refers to something refers to what is there. */
export const integrityRules = {
  SV301: {
    name: 'orphan',
    family: 'integrity',
    severity: 'error',
    rule: 'Each process has its session and its attempt, each of the same task; each session has its task, and each event its session, its tombstone or its archive.',
    cause: 'Foreign keys that were dropped or not valid, or rows removed by hand.',
    risk: 'History that belongs to nobody, or is read for the wrong task.',
    cure: 'Restore what is missing from a backup or an archive.',
  },
  SV302: {
    name: 'session-without-process',
    family: 'integrity',
    severity: 'info',
    rule: 'A session was used.',
    cause: 'It was started and never worked in. That is normal; old ones are cleaned up by the purge.',
    risk: 'None.',
    cure: 'None needed.',
  },
  SV303: {
    name: 'schema-guard-missing',
    family: 'integrity',
    severity: 'error',
    rule: 'Every index, constraint and trigger that guards the history is there and valid.',
    cause: 'One was dropped for a migration by hand and not made again, or its making failed half way.',
    risk: 'What it guarded is not guarded any more.',
    cure: 'Make it again; the migrations have its text. Run the audit once more: what came in meanwhile is found then.',
  },
  SV304: {
    name: 'time-not-comparable',
    family: 'integrity',
    severity: 'warning',
    rule: 'Times are written in one way, and can be read.',
    cause: 'Two programs, or two versions of one, write the same column.',
    risk: 'Whoever orders by the text takes a later process for an earlier one, and resumes the wrong conversation.',
    cure: 'Order by the time it means, as this audit does; write one format from now on.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
