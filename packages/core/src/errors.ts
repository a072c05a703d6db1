type ErrorEntry = { readonly status: number; readonly retryable: boolean; readonly text: string };

/**
 * Every refusal and failure a caller can receive: stable code, HTTP status, whether the same call may succeed later,
 * user text.
 */
export const ERRORS = {
  session_create_failed: { status: 500, retryable: true, text: 'Failed to create session. Please try again later.' },
  backend_unavailable: {
    status: 503,
    retryable: true,
    text: 'The server is currently unavailable. Please try again in a few minutes.',
  },
  storage_full: {
    status: 507,
    retryable: true,
    text: 'The storage of the server is full. The service resumes automatically when space is freed.',
  },
  session_being_modified: {
    status: 409,
    retryable: true,
    text: 'This session is currently being modified. Please try again later.',
  },
  unexpected: { status: 500, retryable: false, text: 'An unexpected error occurred. Please contact support.' },
  replace_confirmation_required: {
    status: 409,
    retryable: false,
    text: 'This will replace the existing session and any unsaved progress will be lost. Are you sure you want to continue?',
  },
  keep_or_replace_required: {
    status: 409,
    retryable: false,
    text: 'The model differs slightly from that of the active session. Keep the session, or replace it?',
  },
  session_moved_on: {
    status: 409,
    retryable: false,
    text: 'The session has changed since it was shown. Look at its current state and decide again.',
  },
  // The model of a start or a turn. `model_not_found` is about requests for an entry of the model catalogue.
  model_missing: {
    status: 422,
    retryable: false,
    text: 'Model Not Found. The model is missing or was deleted; choose another model.',
  },
  predecessor_stopping: {
    status: 409,
    retryable: true,
    text: 'The replaced session is still stopping. The new session can start in a moment.',
  },
  turn_running: { status: 409, retryable: true, text: 'An agent is already running in this session.' },
  stale_generation: {
    status: 409,
    retryable: false,
    text: 'This generation is no longer valid. The request was refused.',
  },
  stale_process: {
    status: 409,
    retryable: false,
    text: 'This process is no longer the active process of its session. The request was refused.',
  },
  agent_session_taken: { status: 409, retryable: false, text: 'This agent session id belongs to another session.' },
  illegal_transition: {
    status: 409,
    retryable: false,
    text: 'The session or process is in a state that does not allow this.',
  },
  version_mismatch: {
    status: 412,
    retryable: false,
    text: 'The resource was modified since it was read. Read it again before changing it.',
  },
  idempotency_key_reused: {
    status: 422,
    retryable: false,
    text: 'This Idempotency-Key was used for a different request.',
  },
  already_exists: { status: 409, retryable: false, text: 'A resource with this name already exists.' },
  project_not_found: { status: 404, retryable: false, text: 'Project not found.' },
  task_not_found: { status: 404, retryable: false, text: 'Task not found.' },
  attempt_not_found: { status: 404, retryable: false, text: 'Attempt not found.' },
  session_not_found: { status: 404, retryable: false, text: 'Session not found.' },
  process_not_found: { status: 404, retryable: false, text: 'Process not found.' },
  invalid_request: { status: 400, retryable: false, text: 'The request is not valid.' },
  request_aborted: { status: 499, retryable: true, text: 'The request was cancelled before it was done.' },
  still_in_use: {
    status: 409,
    retryable: false,
    text: 'This resource still has tasks, attempts or sessions, whose history is kept, so it cannot be deleted.',
  },
  model_not_found: { status: 404, retryable: false, text: 'There is no such model.' },
  profile_not_found: { status: 404, retryable: false, text: 'There is no such profile.' },
  api_key_not_found: { status: 404, retryable: false, text: 'There is no such API key.' },
  last_admin_key: {
    status: 409,
    retryable: false,
    text: 'This is the last valid key that may administer the service. Make another one first.',
  },
  flag_not_found: { status: 404, retryable: false, text: 'There is no such flag.' },
  archive_not_found: {
    status: 404,
    retryable: false,
    text: 'There is no archive of this session.',
  },
  archive_removed: {
    status: 410,
    retryable: false,
    text: 'The archive of this session was removed when its retention period was over.',
  },
  archive_damaged: {
    status: 500,
    retryable: false,
    text: 'The archive of this session is damaged, so it is not shown. Please contact support.',
  },
  archive_unavailable: {
    status: 503,
    retryable: true,
    text: 'The archive is currently unavailable. Please try again in a few minutes.',
  },
  route_not_found: { status: 404, retryable: false, text: 'There is no resource at this address.' },
  method_not_allowed: { status: 405, retryable: false, text: 'This address does not support that method.' },
  unauthorized: { status: 401, retryable: false, text: 'A valid API key or token is needed.' },
  forbidden: { status: 403, retryable: false, text: 'This key or token does not allow that.' },
  request_timeout: { status: 408, retryable: true, text: 'The request did not arrive in time.' },
  payload_too_large: { status: 413, retryable: false, text: 'The request body is too large.' },
  unsupported_media_type: { status: 415, retryable: false, text: 'This type of request body is not supported.' },
  headers_too_large: { status: 431, retryable: false, text: 'The request headers are too large.' },
  rate_limited: { status: 429, retryable: true, text: 'Too many requests. Please slow down.' },
  too_many_open_answers: {
    status: 429,
    retryable: true,
    text: 'Too many of your responses are still open. Read or close some of them first.',
  },
  overloaded: { status: 503, retryable: true, text: 'The server is busy. Please try again in a few seconds.' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;

/** Other texts: notices and warnings for users, and the log message `model_changed_log`. */
export const NOTICES = {
  same_model_active: 'A session with the same model is already active. View the active session.',
  replace_warning: 'Replacing this session will result in the loss of any unsaved progress.',
  same_model_ended: 'A session with the same model exists and has ended. Its next turn resumes it.',
  model_not_found: 'Model Not Found',
  model_not_listed: 'This model is not in the catalogue. It is accepted because other models of its family are listed.',
  model_changed_log: 'Model changed between sessions, starting fresh to avoid context incompatibility',
} as const;

type ErrorDetail = { readonly retryAfterMs?: number; readonly detail?: string; readonly cause?: unknown };

/**
 * The only error type that the guard (packages/guard) throws to its callers. The message is the user text, `detail` is
 * for the developer of the client, and `cause` is the internal error.
 */
export class PhaselockError extends Error {
  override readonly name = 'PhaselockError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly detail: string | undefined;

  constructor(code: ErrorCode, { retryAfterMs, detail, cause }: ErrorDetail = {}) {
    super(ERRORS[code].text, cause === undefined ? undefined : { cause });
    this.code = code;
    this.status = ERRORS[code].status;
    this.retryable = ERRORS[code].retryable;
    this.retryAfterMs = retryAfterMs;
    this.detail = detail;
  }
}
