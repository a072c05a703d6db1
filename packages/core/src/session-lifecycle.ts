/** The status of a session. Deletion is recorded separately: a deleted session keeps its status. */
export const SESSION_STATUSES = ['pending', 'ready', 'running', 'completed', 'failed', 'stopped'] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

export const SESSION_ACTIONS = ['turn-started', 'turn-finished', 'lease-lapsed', 'complete', 'fail', 'stop'] as const;
export type SessionAction = (typeof SESSION_ACTIONS)[number];

/**
 * `pending` is a successor whose predecessor's process may still run; `ready` waits for its next turn. A closed session
 * that still holds its slot is resumed by its next turn.
 */
export const SESSION_TRANSITIONS: Readonly<
  Record<SessionStatus, Readonly<Partial<Record<SessionAction, SessionStatus>>>>
> = {
  pending: { 'turn-started': 'running', complete: 'completed', fail: 'failed', stop: 'stopped' },
  ready: { 'turn-started': 'running', complete: 'completed', fail: 'failed', stop: 'stopped' },
  running: {
    'turn-finished': 'ready',
    'lease-lapsed': 'ready',
    complete: 'completed',
    fail: 'failed',
    stop: 'stopped',
  },
  completed: { 'turn-started': 'running' },
  failed: { 'turn-started': 'running' },
  stopped: { 'turn-started': 'running' },
};

/** True if the session was closed; it still holds its slot. In every other status a session is active. */
export const hasEnded = (status: SessionStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'stopped';

export function nextSessionStatus(status: SessionStatus, action: SessionAction): SessionStatus | undefined {
  return SESSION_TRANSITIONS[status][action];
}

export const statusesThatAllow = (action: SessionAction): readonly SessionStatus[] =>
  SESSION_STATUSES.filter((status) => SESSION_TRANSITIONS[status][action] !== undefined);
