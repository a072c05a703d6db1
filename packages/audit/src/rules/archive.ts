import type { RuleText } from './rule-text.ts';

/** Rules on archives, and on purged sessions. */
export const archiveRules = {
  SV501: {
    name: 'purged-without-archive',
    family: 'archive',
    severity: 'error',
    rule: 'A session is removed only after its archive was read back and verified.',
    cause: 'Rows were removed by hand, with the trigger that prevents this switched off.',
    risk: 'The data of the session is lost.',
    cure: 'Restore the session from a database backup.',
  },
  SV502: {
    name: 'archive-overdue',
    family: 'archive',
    severity: 'warning',
    rule: 'A session that was deleted more than 30 days ago is archived.',
    cause: 'The purge worker does not run, or cannot keep up.',
    risk: 'The database grows.',
    cure: 'Run the purge worker, and check its dead-letter queue.',
  },
  SV503: {
    name: 'archive-does-not-match',
    family: 'archive',
    severity: 'error',
    rule: 'An archive has as many processes and events as its session; with --deep, its bytes have the recorded hash.',
    cause: 'The session or the object was changed after the session was archived.',
    risk: 'A restore would not return the original data.',
    cure: 'Archive the session again while it still exists.',
  },
  SV504: {
    name: 'archive-object-missing',
    family: 'archive',
    severity: 'error',
    rule: 'The object that an archive names exists in the store (with --deep).',
    cause: 'The object was removed from the bucket, or the period of a lifecycle rule is too short.',
    risk: 'If the session was purged, its data is lost.',
    cure: 'Restore an older version of the object, and correct the lifecycle rule.',
  },
  SV505: {
    name: 'dead-letter',
    family: 'archive',
    severity: 'warning',
    rule: 'The dead-letter queue is empty: each session that could not be archived after three retries was retried or discarded.',
    cause: 'The store refused the object four times, or another object is stored under its key.',
    risk: 'The session exists only in the database, and is not purged.',
    cure: 'Correct the cause that its message names, then `purge-worker dlq retry <session>`; or `purge-worker dlq discard <session> --reason …`.',
  },
  SV506: {
    name: 'archive-past-retention',
    family: 'archive',
    severity: 'warning',
    rule: 'An archive is removed when its retention period ends, unless it is under legal hold.',
    cause: 'The retention sweep does not run.',
    risk: 'Data is kept for longer than promised.',
    cure: 'Run the purge worker, or set the legal hold.',
  },
  SV507: {
    name: 'archive-store-changed',
    family: 'archive',
    severity: 'error',
    rule: 'The store is the one recorded in the database: it has the marker and the latest seal (with --deep).',
    cause:
      'A folder that is not mounted or was moved, another bucket, an older copy that was restored, or a lost marker.',
    risk: 'The purge worker does not use this store, and objects that are read from it may be outdated or missing.',
    cure: 'Make the recorded store available again, or correct PHASELOCK_ARCHIVE_URL. If it was lost or moved on purpose: `purge-worker store adopt --reason …`.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
