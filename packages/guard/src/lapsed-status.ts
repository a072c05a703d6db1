import { SESSION_TRANSITIONS, type SessionStatus } from '@phaselock/core';

/** The status of a live session after the lease of its running process has expired. */
export const LAPSED_STATUS: SessionStatus = SESSION_TRANSITIONS.running['lease-lapsed'] ?? 'ready';
