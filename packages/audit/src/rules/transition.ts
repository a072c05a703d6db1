import type { RuleText } from './rule-text.ts';

/** Rules on how each process starts, given the models. */
export const transitionRules = {
  SV101: {
    name: 'model-change-not-fresh',
    family: 'transition',
    severity: 'error',
    rule: 'A process whose model differs from that of the process that made the conversation starts a fresh one: CodingAgentInitialRequest, no id passed.',
    cause:
      'A code path that starts agents without the model check: a retry, a queued follow-up, a crash before the id was known, or a comparison with the latest process instead of the one that made the id.',
    risk: 'The agent loads the history of another model, or silently none: context is lost, or answers mix two conversations.',
    cure: 'Start the phase again with the intended model. Every code path must use `startTurn`, which makes this decision.',
  },
  SV102: {
    name: 'same-model-lost-context',
    family: 'transition',
    severity: 'error',
    rule: 'With the same model, no "skip context" and a known conversation, the next process resumes that conversation.',
    cause: 'A comparison by profile name instead of model, a null that was read as another model, or a discarded id.',
    risk: 'The agent starts over and repeats work; it does not know what the user said before.',
    cure: 'Retry from the previous step with its id (`preRetryId`). If a profile was renamed, make sure that both names resolve to the same model.',
  },
  SV103: {
    name: 'wrong-conversation-passed',
    family: 'transition',
    severity: 'error',
    rule: 'The passed id is the latest valid id of the conversation, or the one that a retry names.',
    cause:
      'An id that was read before the last process reported its own, the id of a dropped process, or an id typed by hand.',
    risk: 'The messages after that id are missing from the conversation, and no error is shown.',
    cure: 'Stop the agent and start a turn, which passes the correct id.',
  },
  SV104: {
    name: 'first-process-not-initial',
    family: 'transition',
    severity: 'error',
    rule: 'The first process of a session, and no other, is a CodingAgentInitialRequest without a passed id.',
    cause:
      'A session that was created for an existing conversation, or a fresh start inside a session that already had a conversation.',
    risk: 'Usage and history are recorded on the wrong session.',
    cure: 'Replace the session; a fresh conversation needs a new session.',
  },
  SV105: {
    name: 'skip-context-ignored',
    family: 'transition',
    severity: 'error',
    rule: 'A process with "skip context" passes no id.',
    cause: 'The request to skip the context was read after the id had been chosen.',
    risk: 'The agent sees context that the user excluded.',
    cure: 'Stop the agent and start a turn with `skipContext`.',
  },
  SV106: {
    name: 'change-event-missing',
    family: 'transition',
    severity: 'error',
    rule: 'A session with a generation above 0 has exactly one creation event, which names its predecessor.',
    cause: 'A row written by hand, or restored without its events.',
    risk: 'It cannot be proven when a model was changed, and by whom.',
    cure: 'Restore the events from a backup. Never write sessions by hand.',
  },
  SV107: {
    name: 'undecidable',
    family: 'transition',
    severity: 'warning',
    rule: 'The stored data is sufficient to decide whether a process started correctly.',
    cause: 'The previous process never reported an id, the action cannot be read, or the model is unknown.',
    risk: 'The history can be neither confirmed nor rejected, so an error may stay undetected.',
    cure: 'Read the log of the process. If models are known only by their profiles, give the profiles file (`--profiles`).',
  },
  SV108: {
    name: 'change-not-logged',
    family: 'transition',
    severity: 'warning',
    rule: 'Each model change between two processes has a log line, and each such log line has a model change (with --logs).',
    cause: 'A truncated or rotated log, or a code path that starts agents without the model decision.',
    risk: 'Monitoring that reads the log misses a change, or reports a change that did not happen.',
    cure: 'Give the complete log. If it is complete, look for the code path that started the process.',
  },
  SV109: {
    name: 'reason-does-not-fit',
    family: 'transition',
    severity: 'error',
    rule: 'The reason of a process fits how it started: `same-model` if it resumed a conversation, otherwise `first` or the reason for which its session replaced another.',
    cause: 'Rows and events written by hand.',
    risk: 'The history gives a wrong reason for a lost or kept conversation, and counts of model changes are wrong.',
    cure: 'Read the processes before it and the events of its session, which show why it started, and find out who changed the reason.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
