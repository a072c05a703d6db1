import type { RuleText } from './rule-text.ts';

/** Rules on references between rows, and on the schema. */
export const integrityRules = {
  SV301: {
    name: 'orphan',
    family: 'integrity',
    severity: 'error',
    rule: 'Each row has its owner: a process a session and an attempt of the same task, a session, an attempt and a slot a task, a task a project, log lines and feedback their session, log lines a process of it, and each event a session of the same slot or an archive record.',
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
  SV305: {
    name: 'usage-differs',
    family: 'integrity',
    severity: 'error',
    rule: 'The usage of a session is the sum of the usage of its processes, and no usage is negative.',
    cause: 'Totals written by hand, or a partial restore.',
    risk: 'Costs and limits are computed from wrong numbers.',
    cure: 'Set the totals of the session to the sums of its processes, after comparing these with a backup.',
  },
  SV306: {
    name: 'counter-behind',
    family: 'integrity',
    severity: 'error',
    rule: 'The counter of an attempt is not lower than the highest number of its processes, and the version of a session counts at least each change that has an event.',
    cause: 'A row restored from an older copy, or a counter written by hand.',
    risk: 'A number is issued twice, or a decision made on an old state of a session is accepted.',
    cure: 'Raise the counter to the value that the processes and events require, and find out what else the restore lost.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
