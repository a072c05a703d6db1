import type { RuleText } from './rule-text.ts';

/** Rules on the hash chains of the events, and on seals. */
export const evidenceRules = {
  SV601: {
    name: 'chain-broken',
    family: 'evidence',
    severity: 'error',
    rule: 'The events of a session have the places 1, 2, 3 and so on; with --chain, each has the hash of its content and of the event before it.',
    cause: 'Events were changed, removed or inserted by hand, with the triggers that prevent this switched off.',
    risk: 'The history of this session is not the one that was recorded.',
    cure: 'Compare the session with its archive, a backup or the change feed, and check which roles had the right to change it.',
  },
  SV602: {
    name: 'head-differs',
    family: 'evidence',
    severity: 'error',
    rule: 'The rows of a session and its processes have the model, handoff, conversation, exit code and usage that their latest events recorded, and the tombstone of a purged session the end of its chain (with --chain).',
    cause: 'Rows were changed by hand. Their events could not be changed without breaking the chain.',
    risk: 'The API shows values that were never recorded.',
    cure: 'Restore the values that the events contain.',
  },
  SV603: {
    name: 'sealed-history-altered',
    family: 'evidence',
    severity: 'error',
    rule: 'Each sealed event still exists unaltered, and no event was added that the seal would contain if it had been recorded at its time (with --against).',
    cause:
      'The history was rewritten consistently, hashes included, with the rights of a superuser; or the seal belongs to a copy of the database that continued on its own.',
    risk: 'The history since the seal cannot be trusted where it was rewritten.',
    cure: 'Restore the affected sessions from a backup made before the change, and check which roles had these rights.',
  },
  SV604: {
    name: 'sealed-history-missing',
    family: 'evidence',
    severity: 'error',
    rule: 'Each sealed session and each sealed generation of a slot still exists (with --against).',
    cause: 'Sessions were removed together with all of their rows and events, or an older backup was restored.',
    risk: 'A part of the history is lost, and the database alone does not show it.',
    cure: 'Restore the missing sessions from a backup made after they were sealed.',
  },
  SV605: {
    name: 'logs-differ',
    family: 'evidence',
    severity: 'error',
    rule: 'The log lines of a process have the number and digest that its row and its latest event recorded (with --chain).',
    cause: 'Log lines were changed, removed or inserted by hand.',
    risk: 'The log does not show what the agent printed.',
    cure: 'Restore the log lines from the archive or a backup.',
  },
  SV606: {
    name: 'not-chained-yet',
    family: 'evidence',
    severity: 'info',
    rule: 'Every event is part of a chain.',
    cause: 'The event was recorded before migration 0023, and the purge worker has not chained it yet.',
    risk: 'Seals do not cover these sessions.',
    cure: 'Let the purge worker run.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
