import type { RuleText } from './rule-text.ts';

/** Whether what was deleted was kept. */
export const archiveRules = {
  SV501: {
    name: 'purged-without-archive',
    family: 'archive',
    severity: 'error',
    rule: 'A session is only removed after its archive was read back and verified.',
    cause: 'Rows removed by hand, past the trigger that refuses it.',
    risk: 'It is gone.',
    cure: 'Restore it from a backup of the database.',
  },
  SV502: {
    name: 'archive-overdue',
    family: 'archive',
    severity: 'warning',
    rule: 'A session deleted more than 30 days ago was archived.',
    cause: 'The purge worker does not run, or its dead letters are not looked at.',
    risk: 'The database grows.',
    cure: 'Run the purge worker, and look at its dead letters.',
  },
  SV503: {
    name: 'archive-does-not-match',
    family: 'archive',
    severity: 'error',
    rule: 'An archive has as many processes and events as the session it was made of; with --deep, its bytes have the hash that was recorded.',
    cause: 'The session was changed after it was archived, or the object was.',
    risk: 'What would be restored is not what was.',
    cure: 'Archive it again while the session is still there.',
  },
  SV504: {
    name: 'archive-object-missing',
    family: 'archive',
    severity: 'error',
    rule: 'The object an archive names is in the store (with --deep).',
    cause: 'It was removed from the bucket, or a lifecycle rule is too short.',
    risk: 'If the session was purged, it is gone.',
    cure: 'Bring back an older version of the object; correct the lifecycle rule.',
  },
  SV505: {
    name: 'dead-letter',
    family: 'archive',
    severity: 'warning',
    rule: 'What could not be archived after three retries is looked at.',
    cause: 'The store refused it four times, or something else is stored under its key.',
    risk: 'It is in the database alone, and stays there.',
    cure: 'Mend what its message says, then `purge-worker dlq retry <session>`; or `purge-worker dlq discard <session> --reason …`.',
  },
  SV506: {
    name: 'archive-past-retention',
    family: 'archive',
    severity: 'warning',
    rule: 'An archive goes after its year, unless it is held.',
    cause: 'The sweep does not run.',
    risk: 'Data is kept for longer than was promised.',
    cure: 'Run the purge worker, or set the legal hold.',
  },
  SV507: {
    name: 'archive-store-changed',
    family: 'archive',
    severity: 'error',
    rule: 'The store is the one the database keeps its archives in: it carries its marker and its latest seal (with --deep).',
    cause:
      'A folder that is not mounted or was moved, another bucket, an older copy that was restored, or a marker that was lost.',
    risk: 'The purge worker does nothing there, and what is read there may be out of date or missing.',
    cure: 'Bring the store back, or correct PHASELOCK_ARCHIVE_URL. If it was lost or moved on purpose: `purge-worker store adopt --reason …`.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
