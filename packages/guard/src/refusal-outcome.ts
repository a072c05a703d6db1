import { ERRORS, type ErrorCode } from '@phaselock/core';

const SERVER_ERROR = 500;

/** Why nothing came of a call: its slot is not what was shown, another one was in the way, the caller was wrong, or we were. */
export function refusalOutcome(code: ErrorCode): 'moved_on' | 'busy' | 'refused' | 'failed' {
  if (code === 'session_moved_on') return 'moved_on';
  if (code === 'session_being_modified') return 'busy';
  return ERRORS[code].status < SERVER_ERROR ? 'refused' : 'failed';
}
