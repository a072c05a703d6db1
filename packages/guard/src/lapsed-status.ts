import { SESSION_TRANSITIONS, type SessionStatus } from '@phaselock/core';

/** What a live session becomes whose running process let its lease lapse. */
export const LAPSED_STATUS: SessionStatus = SESSION_TRANSITIONS.running['lease-lapsed'] ?? 'ready';
