import type { Severity } from './finding.ts';

export const FAMILIES = {
  transition: 'How each process began, against what the models ask for',
  lifecycle: 'How sessions are born, replaced and end',
  integrity: 'Whether what refers to something refers to what is there',
  ownership: 'Whose conversation it is',
  archive: 'Whether what was deleted was kept',
  meta: 'The audit itself',
} as const;

type Family = keyof typeof FAMILIES;

export type RuleText = {
  readonly name: string;
  readonly family: Family;
  readonly severity: Severity;
  /** What holds when all is well. */
  readonly rule: string;
  /** How it comes to be broken. */
  readonly cause: string;
  readonly risk: string;
  readonly cure: string;
};

/** Every rule there is. An id is never used again for something else. docs/rules is made from this. */
export const RULES = {
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
  SV201: {
    name: 'two-at-once',
    family: 'lifecycle',
    severity: 'error',
    rule: 'A slot has one live guarded session, and one process that holds a lease.',
    cause:
      'The unique index is missing (SV303), or rows were written by hand. In other systems: two clients started at once.',
    risk: 'Two agents write at once.',
    cure: 'Stop one of the agents, then delete its session (`DELETE /v1/sessions/{id}`).',
  },
  SV202: {
    name: 'slot-names-another',
    family: 'lifecycle',
    severity: 'error',
    rule: 'The live session a slot names is there, is live, and is of that slot; and a live guarded session is the one its slot names.',
    cause: 'A session deleted by hand, without its slot.',
    risk: 'Starts in this slot fail, or answer a session that is gone.',
    cure: 'Set the slot’s live session to the live one, or to null. The repair is printed.',
  },
  SV203: {
    name: 'chain-broken',
    family: 'lifecycle',
    severity: 'error',
    rule: 'Replacements form a chain: who replaced whom is told by both sides, once, and never in a circle.',
    cause: 'Rows written by hand, or a partial restore.',
    risk: 'The history of a slot cannot be followed.',
    cure: 'Read the events of the task, which tell the true order, and correct `predecessor_id` and `replaced_by`.',
  },
  SV204: {
    name: 'not-deleted-exactly-once',
    family: 'lifecycle',
    severity: 'error',
    rule: 'A session that left its slot has exactly one event that says so, and one that is live has none.',
    cause: 'A session deleted or brought back by hand.',
    risk: 'Nobody can prove who ended it, or when.',
    cure: 'Restore the row to what the events say.',
  },
  SV205: {
    name: 'generation-gap',
    family: 'lifecycle',
    severity: 'error',
    rule: 'The generations of a slot count its births: 1, 2, 3, …, and the last is the slot’s.',
    cause: 'A session removed without a tombstone, or a slot’s counter changed by hand.',
    risk: 'The fencing token may be given out twice: a replaced agent could write.',
    cure: 'Never lower the counter. Raise it to the highest generation there is; find out what removed the session.',
  },
  SV206: {
    name: 'started-after-deletion',
    family: 'lifecycle',
    severity: 'error',
    rule: 'No process begins in a session that was deleted.',
    cause: 'A path that starts agents past the fence.',
    risk: 'A replaced agent works on, beside its successor.',
    cure: 'Stop the agent. Every start must go through `startTurn`, which refuses it.',
  },
  SV207: {
    name: 'lease-beyond-reason',
    family: 'lifecycle',
    severity: 'warning',
    rule: 'A lease ends within a day.',
    cause: 'A clock that was wrong, or a lease written by hand.',
    risk: 'A successor waits for it, and the slot is stuck.',
    cure: 'End the process (`finish` with `killed`).',
  },
  SV301: {
    name: 'orphan',
    family: 'integrity',
    severity: 'error',
    rule: 'Each process has its session and its attempt, each of the same task; each session has its task, and each event its session, its tombstone or its archive.',
    cause: 'Foreign keys that were dropped or not valid, or rows removed by hand.',
    risk: 'History that belongs to nobody, or is read for the wrong task.',
    cure: 'Restore what is missing from a backup or an archive.',
  },
  SV302: {
    name: 'session-without-process',
    family: 'integrity',
    severity: 'info',
    rule: 'A session was used.',
    cause: 'It was started and never worked in. That is normal; old ones are cleaned up by the purge.',
    risk: 'None.',
    cure: 'None needed.',
  },
  SV303: {
    name: 'schema-guard-missing',
    family: 'integrity',
    severity: 'error',
    rule: 'Every index, constraint and trigger that guards the history is there and valid.',
    cause: 'One was dropped for a migration by hand and not made again, or its making failed half way.',
    risk: 'What it guarded is not guarded any more.',
    cure: 'Make it again; the migrations have its text. Run the audit once more: what came in meanwhile is found then.',
  },
  SV304: {
    name: 'time-not-comparable',
    family: 'integrity',
    severity: 'warning',
    rule: 'Times are written in one way, and can be read.',
    cause: 'Two programs, or two versions of one, write the same column.',
    risk: 'Whoever orders by the text takes a later process for an earlier one, and resumes the wrong conversation.',
    cure: 'Order by the time it means, as this audit does; write one format from now on.',
  },
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
  SV506: {
    name: 'archive-past-retention',
    family: 'archive',
    severity: 'warning',
    rule: 'An archive goes after its year, unless it is held.',
    cause: 'The sweep does not run.',
    risk: 'Data is kept for longer than was promised.',
    cure: 'Run the purge worker, or set the legal hold.',
  },
  SV901: {
    name: 'rule-did-not-run',
    family: 'meta',
    severity: 'warning',
    rule: 'Every rule that was asked for was run to its end.',
    cause: 'The time was over, or the source cannot answer it.',
    risk: 'A report without findings would say more than it knows.',
    cure: 'Give it more time, or leave the rule out with --skip.',
  },
  SV902: {
    name: 'baseline-stale',
    family: 'meta',
    severity: 'warning',
    rule: 'What the baseline excuses is still there.',
    cause: 'It was put right.',
    risk: 'The same thing could come back unseen.',
    cure: 'Run once with --prune-baseline.',
  },
} as const satisfies Readonly<Record<string, RuleText>>;

export type RuleId = keyof typeof RULES;
export const isRuleId = (text: string): text is RuleId => Object.hasOwn(RULES, text);
export const RULE_IDS: readonly RuleId[] = Object.keys(RULES).filter(isRuleId);
/** By id or by name, in any case. */
export const findRule = (text: string): RuleId | undefined =>
  RULE_IDS.find((id) => id === text.toUpperCase() || RULES[id].name === text.toLowerCase());
