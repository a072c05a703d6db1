import type { RuleText } from './rule-text.ts';

/** Whose conversation it is. */
export const ownershipRules = {
  SV401: {
    name: 'conversation-shared',
    family: 'ownership',
    severity: 'error',
    rule: 'An agent’s conversation belongs to one session (in other systems: to one attempt or task).',
    cause: 'An id that was copied, or an agent told to resume what another one began.',
    risk: 'Two pieces of work share one memory.',
    cure: 'Replace the session that took it over.',
  },
  SV402: {
    name: 'session-names-another-conversation',
    family: 'ownership',
    severity: 'error',
    rule: 'The conversation a session names is one that a process of it reported.',
    cause: 'The session’s row was written by hand, or a report was lost.',
    risk: 'The next turn resumes the wrong conversation.',
    cure: 'Set it to the id its newest process reported.',
  },
  SV403: {
    name: 'conversation-nobody-recorded',
    family: 'ownership',
    severity: 'error',
    rule: 'An id that is used was reported by a process, or has a record.',
    cause: 'The record was never made ("Session not found"), or was removed.',
    risk: 'Usage booked on nothing; a history that cannot be followed.',
    cure: 'Find the run that made the id in the agent’s own files; otherwise begin afresh.',
  },
  SV404: {
    name: 'not-closed',
    family: 'ownership',
    severity: 'warning',
    rule: 'What has ended says when, and what has not ended says nothing of the kind.',
    cause: 'A crash between two writes; a run that was closed as completed though it failed.',
    risk: 'Durations and usage are wrong; something seems to run for ever.',
    cure: 'Close it with the time of its last sign of life.',
  },
  SV405: {
    name: 'usage-not-booked',
    family: 'ownership',
    severity: 'warning',
    rule: 'What an agent used is booked on the session it worked in.',
    cause:
      'The work was recorded under another id than the session’s, or the session was made beside what did the work.',
    risk: 'Costs and limits are counted for nothing.',
    cure: 'Give the agent the session’s id when it starts, and book under that.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
