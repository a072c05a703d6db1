export const PROCESS_STATUSES = ['running', 'completed', 'failed', 'killed', 'lost'] as const;
export type ProcessStatus = (typeof PROCESS_STATUSES)[number];

/** `lost`: its lease expired by the database's clock before its ending was reported. */
export const PROCESS_ENDINGS = ['completed', 'failed', 'killed', 'lost'] as const;
export type ProcessEnding = (typeof PROCESS_ENDINGS)[number];

/** If the runner of a lost process comes back, it may still report the real ending. Every other ending is final. */
export const PROCESS_TRANSITIONS: Readonly<Record<ProcessStatus, readonly ProcessEnding[]>> = {
  running: PROCESS_ENDINGS,
  lost: ['completed', 'failed', 'killed'],
  completed: [],
  failed: [],
  killed: [],
};

export const canEnd = (from: ProcessStatus, ending: ProcessEnding): boolean =>
  PROCESS_TRANSITIONS[from].includes(ending);

export const PROCESS_ACTIONS = ['CodingAgentInitialRequest', 'CodingAgentFollowUpRequest'] as const;
export type ProcessAction = (typeof PROCESS_ACTIONS)[number];

/** Why a process began or resumed a conversation; distinguishes an intended fresh start from an accidental one. */
export const TURN_REASONS = ['first', 'same-model', 'model-changed', 'user-request', 'session-invalid'] as const;
export type TurnReason = (typeof TURN_REASONS)[number];
