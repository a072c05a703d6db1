import type { RuleText } from './rule-text.ts';

/** Rules on the owner of each conversation and of its usage. */
export const ownershipRules = {
  SV401: {
    name: 'conversation-shared',
    family: 'ownership',
    severity: 'error',
    rule: 'An agent’s conversation belongs to one session (in other systems: to one attempt or task).',
    cause: 'A copied id, or an agent that was started with the conversation id of another session.',
    risk: 'Two tasks or sessions share one conversation history.',
    cure: 'Replace the session that took over the conversation.',
  },
  SV402: {
    name: 'session-names-another-conversation',
    family: 'ownership',
    severity: 'error',
    rule: 'The conversation that a session names was reported by one of its processes.',
    cause: 'The row of the session was written by hand, or a report was lost.',
    risk: 'The next turn resumes the wrong conversation.',
    cure: 'Set it to the id that its newest process reported.',
  },
  SV403: {
    name: 'conversation-nobody-recorded',
    family: 'ownership',
    severity: 'error',
    rule: 'Every id that is used was reported by a process or has a record.',
    cause: 'The record was never created ("Session not found"), or was removed.',
    risk: 'Usage is recorded for no session, and the history cannot be followed.',
    cure: 'Find the run that made the id in the files of the agent; otherwise start a fresh conversation.',
  },
  SV404: {
    name: 'not-closed',
    family: 'ownership',
    severity: 'warning',
    rule: 'A process or session has an end time if it has ended, and only then.',
    cause: 'A crash between two writes, or a failed run that was closed as completed.',
    risk: 'Durations and usage are wrong, or a run seems never to end.',
    cure: 'Close it with the time of its last activity.',
  },
  SV405: {
    name: 'usage-not-booked',
    family: 'ownership',
    severity: 'warning',
    rule: 'The usage of an agent is recorded on the session in which it worked.',
    cause:
      'The work was recorded under another id than that of the session, or a second session was created for the same work.',
    risk: 'Costs and limits do not include this usage.',
    cure: 'Give the agent the id of the session when it starts, and record its usage under that id.',
  },
  SV406: {
    name: 'not-the-newest-conversation',
    family: 'ownership',
    severity: 'error',
    rule: 'The conversation that a session names is the one that its processes reported last.',
    cause: 'The row of the session was written by hand or restored from an older copy.',
    risk: 'The session shows, and other programs may resume, an outdated conversation.',
    cure: 'Set it to the id that its newest process reported.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
