import type { RuleText } from './rule-text.ts';

/** Rules on the owner of each conversation and of its usage. */
export const ownershipRules = {
  SV401: {
    name: 'conversation-shared',
    family: 'ownership',
    severity: 'error',
    rule: 'An agent’s conversation belongs to one session (in other systems: to one attempt or task).',
    cause:
      'A copied id, or an agent that was started with the conversation id of another session. An id that a process reported before its present one counts as well.',
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
    rule: 'A process or session has an end time if it has ended, and only then. In Obra, an active session was used within the last day.',
    cause: 'A crash between two writes, or a failed run that was closed as completed.',
    risk: 'Durations and usage are wrong, or a run seems never to end.',
    cure: 'Close it with the time of its last activity.',
  },
  SV405: {
    name: 'usage-not-booked',
    family: 'ownership',
    severity: 'warning',
    rule: 'The usage of an agent is recorded on the session in which it worked: the total of a session is the sum of its interactions.',
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
  SV407: {
    name: 'dropped-id-resumed',
    family: 'ownership',
    severity: 'error',
    rule: 'The id of a process that the user dropped is not resumed (vibe-kanban).',
    cause: 'The latest id was looked up among all processes, including those that a retry had dropped.',
    risk: 'The agent continues from messages that the user took back.',
    cure: 'Stop the agent, and retry from the last process that was not dropped.',
  },
  SV408: {
    name: 'dangling-usage',
    family: 'ownership',
    severity: 'error',
    rule: 'Each recorded use of a context window belongs to a session with a record (Obra).',
    cause: 'The agent ran under an id that was never recorded, or the session record was removed.',
    risk: 'This usage is part of no total, and the session that used it cannot be found.',
    cure: 'Find the run in the log by its time and task. Create a session record before each run.',
  },
  SV409: {
    name: 'used-before-start',
    family: 'ownership',
    severity: 'warning',
    rule: 'An interaction is not older than its session (Obra).',
    cause:
      'A session record that was created or changed after the work, a reused id, or times of different time zones.',
    risk: 'The work may belong to another session, and durations are wrong.',
    cure: 'Compare the times with the log. Create the session record before the first interaction.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
