import { ERRORS, type ErrorCode } from '@phaselock/core';

const SERVER_ERROR = 500;

/**
 * The metric label of a failed call: `moved_on` if the slot changed after it was shown, `busy` if another operation
 * held it, `refused` for other client errors, `failed` for server errors.
 */
export function refusalOutcome(code: ErrorCode): 'moved_on' | 'busy' | 'refused' | 'failed' {
  if (code === 'session_moved_on') return 'moved_on';
  if (code === 'session_being_modified') return 'busy';
  return ERRORS[code].status < SERVER_ERROR ? 'refused' : 'failed';
}
