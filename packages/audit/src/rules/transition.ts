import type { RuleText } from './rule-text.ts';

/** How each process began, against what the models ask for. */
export const transitionRules = {
  SV101: {
    name: 'model-change-not-fresh',
    family: 'transition',
    severity: 'error',
    rule: 'A process whose model differs from that of the process that made the conversation begins a fresh one: CodingAgentInitialRequest, nothing passed.',
    cause:
      'A path that starts agents without the check: a retry, a queued follow-up, a crash before the id was known, or a comparison with the latest process instead of the one that made the id.',
    risk: 'The agent loads the history of another model or silently none: context is lost, or answers mix two conversations.',
    cure: 'Start the phase again with the model that is wanted. Every path must go through the one decision (`startTurn`).',
  },
  SV102: {
    name: 'same-model-lost-context',
    family: 'transition',
    severity: 'error',
    rule: 'With the same model, no "skip context" and a known conversation, the next process resumes it.',
    cause: 'A comparison by profile name instead of model, a null read as another model, or an id thrown away.',
    risk: 'The agent begins anew and repeats work; what the user said before is gone for it.',
    cure: 'Retry from the step before with its id (`preRetryId`). Where a profile was renamed, see that both names resolve to one model.',
  },
  SV103: {
    name: 'wrong-conversation-passed',
    family: 'transition',
    severity: 'error',
    rule: 'The id that is passed is the latest one the conversation is known by, or the one a retry names.',
    cause:
      'An id read before the last process reported its own, an id of a process that was taken back, or one typed by hand.',
    risk: 'What was said since that id is missing from the conversation, and nobody is told.',
    cure: 'Stop the agent, and start a turn: it passes the id that is right.',
  },
  SV104: {
    name: 'first-process-not-initial',
    family: 'transition',
    severity: 'error',
    rule: 'The first process of a session, and only that, is a CodingAgentInitialRequest with nothing passed.',
    cause:
      'A session that was made for a conversation that existed before, or a fresh start inside a session that had one.',
    risk: 'Usage and history are booked on a session they do not belong to.',
    cure: 'Replace the session; a fresh conversation is a new session.',
  },
  SV105: {
    name: 'skip-context-ignored',
    family: 'transition',
    severity: 'error',
    rule: 'A process asked to skip the context passes no id.',
    cause: 'The wish was read after the id had been chosen.',
    risk: 'The agent sees what the user wanted it not to see.',
    cure: 'Stop the agent and start a turn with `skipContext`.',
  },
  SV106: {
    name: 'change-event-missing',
    family: 'transition',
    severity: 'error',
    rule: 'A session born in a slot has exactly one event of its birth, which names its predecessor.',
    cause: 'A row written by hand, or restored without its events.',
    risk: 'Nobody can prove when and by whom a model was changed.',
    cure: 'Restore the events from a backup. Never write sessions by hand.',
  },
  SV107: {
    name: 'undecidable',
    family: 'transition',
    severity: 'warning',
    rule: 'From what is stored it can be told whether a process began as it should.',
    cause: 'The process before never reported an id, the action cannot be read, or the model is unknown.',
    risk: 'The history is neither right nor wrong; something may hide in it.',
    cure: 'Look at the log of the process. Give the profiles file if models are only known by their profiles.',
  },
  SV108: {
    name: 'change-not-logged',
    family: 'transition',
    severity: 'warning',
    rule: 'Each model change between two processes has its log line, and a model that stayed has none (with --logs).',
    cause: 'A log that was cut or rotated, or a path that starts agents without the decision.',
    risk: 'Whoever watches the log for changes misses one, or sees one that was none.',
    cure: 'Give the whole log. If it is whole, look for the path that started the process.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;
