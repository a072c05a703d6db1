export const PROCESS_STATUSES = ['running', 'completed', 'failed', 'killed', 'lost'] as const;
export type ProcessStatus = (typeof PROCESS_STATUSES)[number];

/** `lost`: its lease lapsed by the database's clock before anyone said how it ended. */
export const PROCESS_ENDINGS = ['completed', 'failed', 'killed', 'lost'] as const;
export type ProcessEnding = (typeof PROCESS_ENDINGS)[number];

/** A lost process whose runner comes back may still say how it really ended; every other ending is final. */
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

/** Why a process started the way it did: a fresh start by design and one by accident must not look alike. */
export const TURN_REASONS = ['first', 'same-model', 'model-changed', 'user-request', 'session-invalid'] as const;
export type TurnReason = (typeof TURN_REASONS)[number];
