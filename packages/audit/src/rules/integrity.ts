import type { RuleText } from './rule-text.ts';

/** Rules on references between rows, and on the schema. */
export const integrityRules = {
  SV301: {
    name: 'orphan',
    family: 'integrity',
    severity: 'error',
    rule: 'Each process has a session and an attempt of the same task, each session has a task, and each event has a session or an archive record.',
    cause: 'Foreign keys that were dropped or are not valid, or rows removed by hand.',
    risk: 'History that has no owner, or is shown for the wrong task.',
    cure: 'Restore the missing rows from a backup or an archive.',
  },
  SV302: {
    name: 'session-without-process',
    family: 'integrity',
    severity: 'info',
    rule: 'A session was used.',
    cause: 'The session was created, but no work was done in it. That is normal; the purge removes old ones.',
    risk: 'None.',
    cure: 'None needed.',
  },
  SV303: {
    name: 'schema-guard-missing',
    family: 'integrity',
    severity: 'error',
    rule: 'Every table, column, constraint, index, trigger and function is defined as the migrations made it and acts, the recorded migrations are the released ones, and nothing else changes or hides rows.',
    cause:
      'It was dropped, disabled or changed by hand and not put back, its creation failed half way, or a trigger, rule, policy, child table or setting was added to the tables.',
    risk: 'The database accepts rows that it should refuse, changes rows as they are written, or hides rows from the audit.',
    cure: 'Put the definition back: the finding shows the expected one, and the migrations contain its statement. Remove what was added. Then run the audit again to find invalid rows that were written in the meantime.',
  },
  SV304: {
    name: 'time-not-comparable',
    family: 'integrity',
    severity: 'warning',
    rule: 'All times of a column have one format and can be read.',
    cause: 'Two programs, or two versions of one, write different formats to the same column.',
    risk: 'A program that sorts by the text mistakes a later process for an earlier one, and resumes the wrong conversation.',
    cure: 'Sort by the parsed time, as this audit does, and write only one format from now on.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
