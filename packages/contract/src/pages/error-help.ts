import type { ErrorCode } from '@phaselock/core';

type Help = {
  /** The condition under which a caller receives the code. */
  readonly when: string;
  /** The remedy. */
  readonly cure: string;
};

/** Explains the cause and the remedy of each code. docs/errors is generated from this. */
export const ERROR_HELP: Readonly<Record<ErrorCode, Help>> = {
  session_create_failed: {
    when: 'A start failed for an unexpected reason. The log has a line with the same request id and the stack. Either nothing was written, or the response of the database to a completed write was lost.',
    cure: 'Try again, with the same `Idempotency-Key` if there was one: the effect of the first call is then found and not repeated. If the error persists, search the logs for the request id.',
  },
  backend_unavailable: {
    when: 'PostgreSQL could not be reached, closed the connection, or did not respond within the deadline; or the keys of the token issuer could not be fetched.',
    cure: 'Try again after `Retry-After`, with the same `Idempotency-Key`. The service recovers automatically when the database is back; `/readyz` then returns 200.',
  },
  storage_full: {
    when: 'The disk of PostgreSQL is full (SQLSTATE 53100), or PostgreSQL stopped because of that, or the service could not write one of its own files. The log names the disk. Reads are served as long as PostgreSQL runs.',
    cure: 'The operator frees space on that disk or enlarges it. No restart is needed: an embedded PostgreSQL that stopped is restarted automatically. A caller tries again after `Retry-After`, with the same `Idempotency-Key`.',
  },
  session_being_modified: {
    when: 'Another client locked or changed the slot at each attempt within the deadline of five seconds.',
    cure: 'Try again after `Retry-After`. If it happens often on one slot, several clients compete for it: check `phaselock_lock_contention_total`.',
  },
  unexpected: {
    when: 'An unexpected failure occurred. The log has a line with the same request id and the stack.',
    cure: 'Report it with the request id. Repeating the call may or may not help.',
  },
  replace_confirmation_required: {
    when: 'The slot has a live session with another model: another agent, family or major version, or another value of a critical parameter such as the reasoning effort. `reasons` lists the differences.',
    cure: 'Ask the user. To continue, send the same request with `confirm` of this problem: it replaces the session that was shown. Offer `GET /v1/sessions/{sessionId}/export` first. Needs the scope `sessions:replace`.',
  },
  keep_or_replace_required: {
    when: 'The model differs slightly from that of the live session (a minor version, a release date, a parameter that is not critical), or it cannot be determined whether it differs.',
    cure: 'Send the same request with `"confirm": {"kind": "keep"}` to keep the session, or with `confirm` of this problem to replace it.',
  },
  session_moved_on: {
    when: 'The confirmation names a session that is no longer the live one: another client replaced or deleted it after it was shown.',
    cure: 'Show the user the new question, which this problem contains: `session` is the live session, `reasons` are the differences, `question` says whether it can be kept. The next request answers it, with `confirm` of this problem or, for `keep-or-replace`, with `"confirm": {"kind": "keep"}`. Nothing has to be read in between. Do not confirm automatically, because the user has not seen that session. A turn that would need no confirmation gets no question: repeat it without `confirm`.',
  },
  model_missing: {
    when: 'The requested model or profile is not in the catalogue, or was deleted; `why` states which. Or the model of the session to continue was deleted: the session stays visible as "Model Not Found".',
    cure: 'Choose another model, or add it to the catalogue (`POST /v1/models`, `POST /v1/profiles`). A session whose model was deleted can be viewed, exported and replaced.',
  },
  predecessor_stopping: {
    when: 'The session replaced another one, whose process has not reported that it stopped and still holds its lease.',
    cure: 'Try again after `Retry-After`: by then the lease has expired. The wait ends earlier if the old runner finishes its process.',
  },
  turn_running: {
    when: 'A process with a valid lease is running in the session.',
    cure: 'Wait until it has finished or its lease has expired. Two agents never write in one session.',
  },
  stale_generation: {
    when: 'The call carries the generation of a session that was replaced or deleted, or a generation that the session never had. The generation is the fencing token: a replaced agent cannot write.',
    cure: 'Stop the agent. Its runner finishes the process (the ending is still accepted) and, if the work is to continue, starts a turn in the live session.',
  },
  stale_process: {
    when: 'The lease of the process expired and the process was marked as lost, or it has ended, or a later process has begun in its session. This check protects the conversation that the later process continues.',
    cure: 'Stop the agent. Its ending and its usage are still accepted: `finish` with `ending`, `exitCode` and `usage`, without `agentSessionId` and `lostAgentSession`. To avoid this, renew the lease after every third of its duration.',
  },
  agent_session_taken: {
    when: 'The reported conversation id of the agent, or the id in `preRetryId`, belongs to another session. Only a conversation of a session that has left the same slot can be continued.',
    cure: 'An agent that reports the same id for two sessions mixes two conversations. Pass it the id that the start of the turn returned, and report the id that the agent returns.',
  },
  illegal_transition: {
    when: 'The status of the session or process does not allow the change, such as finishing a failed process as completed.',
    cure: 'Read the session (`GET /v1/sessions/{sessionId}`) and its processes: another call has already changed the status.',
  },
  version_mismatch: {
    when: '`If-Match` names an older version: the resource was changed after it was read.',
    cure: 'Read the resource again, check what has changed, and send the new `ETag`.',
  },
  idempotency_key_reused: {
    when: 'The `Idempotency-Key` was used within the last day, by the same caller, for another request.',
    cure: 'Use a new key for each new request, and reuse it only to repeat that request. A UUID is suitable.',
  },
  already_exists: {
    when: 'There is already a live model with that name, a profile with that variant, or an API key that another caller created with this Idempotency-Key.',
    cure: 'Use the existing one, or delete it first: the name of a deleted one can be used again.',
  },
  project_not_found: {
    when: 'There is no such project, or the key has no access to it.',
    cure: 'Check the id, and the project of the key (`GET /v1/projects` lists the projects that it can access).',
  },
  task_not_found: {
    when: 'There is no such task, or the key has no access to its project.',
    cure: 'Check the id, and the project of the key.',
  },
  attempt_not_found: {
    when: 'There is no such attempt, the key has no access to it, or it is an attempt at a task other than that of the session.',
    cure: 'Check the id. A turn takes an attempt at the task of its session (`GET /v1/attempts?taskId=…`).',
  },
  session_not_found: {
    when: 'There is no such session, or the key has no access to it. A deleted session can still be read by its id.',
    cure: 'Check the id, and the project of the key.',
  },
  archive_not_found: {
    when: 'The session was not archived: it is live, it was deleted less than a day ago, or the purge worker does not run.',
    cure: 'While the session is in the database, `GET /v1/sessions/{sessionId}/export` returns all of it.',
  },
  archive_removed: {
    when: 'Archives are kept for a year, unless they are put on hold. Only the record that `GET /v1/tasks/{taskId}/archives` shows is left.',
    cure: 'None. To keep an archive longer, put it on hold before it is removed (`purge-worker hold`).',
  },
  archive_damaged: {
    when: 'The object is missing from the store, or its hash differs from the hash recorded when it was written.',
    cure: 'The log of the service states which. Restore the version of the object that the database names (`verify-sessions --all --deep` finds all damaged archives).',
  },
  archive_unavailable: {
    when: 'The archive store does not respond, denies access, or is not the store that holds the archives (a folder that is not mounted, another bucket).',
    cure: 'Try again. For operators: the log contains the error of the store; `store_changed` means that the store lacks the expected marker (`purge-worker store`).',
  },
  process_not_found: {
    when: 'There is no such process in this session.',
    cure: 'Use the process id from the answer that started the turn. After a fresh start the process belongs to another session, which that answer names.',
  },
  invalid_request: {
    when: 'The request is not valid: not JSON, a duplicate key, an unknown key, a value out of range, characters that cannot be stored. `issues` lists all errors; `detail` describes a request that could not be parsed.',
    cure: 'Compare the request with the reference. Repeating the same request does not help.',
  },
  request_aborted: {
    when: 'The client disconnected before the response. This code appears only in the logs.',
    cure: 'In the client: wait longer than the deadline of the service (five seconds), and repeat with the same `Idempotency-Key`.',
  },
  still_in_use: {
    when: 'Other records depend on the resource: tasks on a project, sessions or attempts on a task, processes on an attempt.',
    cure: 'History is not deleted with the resource. Delete the sessions instead (`DELETE /v1/sessions/{sessionId}`): they leave the lists, and their history can still be audited.',
  },
  model_not_found: {
    when: 'There is no model with this id in the catalogue.',
    cure: 'Take the id from `GET /v1/models`.',
  },
  profile_not_found: {
    when: 'There is no profile with this id in the catalogue.',
    cure: 'Take the id from `GET /v1/profiles`.',
  },
  api_key_not_found: {
    when: 'There is no API key with this id.',
    cure: 'Take the id from `GET /v1/admin/api-keys`; it is not the key itself and not its prefix.',
  },
  last_admin_key: {
    when: 'This is the only valid key for all projects with the scope `admin`: without it, no caller could create or revoke keys, or change flags. The rule holds for every caller, and also when several keys are revoked at the same time.',
    cure: 'Create its replacement (`POST /v1/admin/api-keys` with the scope `admin` and without `projectId`), then revoke this key with the new one. On the machine of the service, `keys revoke --force` revokes it anyway, and `keys create` creates a new key.',
  },
  flag_not_found: {
    when: 'There is no flag with this name.',
    cure: 'Take the name from `GET /v1/admin/flags`. Setting an unknown flag does not create it, because it would have no effect.',
  },
  route_not_found: {
    when: 'The address does not exist.',
    cure: 'Compare it with the reference; addresses are in lower case and have no trailing slash.',
  },
  method_not_allowed: {
    when: 'The address exists, but does not support the method.',
    cure: 'The header `Allow` lists the supported methods.',
  },
  unauthorized: {
    when: 'The request has no credential, or an invalid one: an unknown or revoked key, a token that has expired, or one of another issuer or audience.',
    cure: 'Send `Authorization: Bearer <key>`. Create a key with `npx pnpm@12 keys create --name me --scopes sessions:read,sessions:write`.',
  },
  forbidden: {
    when: 'The credential is valid but lacks the scope; `detail` names it. Or it belongs to one project and the operation concerns all projects. Or authentication is off and the request does not come from this machine.',
    cure: 'Use a key with that scope, or request one from an administrator.',
  },
  request_timeout: {
    when: 'The headers or the body did not arrive completely in time.',
    cure: 'Send it again. Split large logs into requests of at most 5000 lines.',
  },
  payload_too_large: {
    when: 'The body is larger than the operation accepts; `detail` states the limit.',
    cure: 'Send less at once: bulk operations and logs can be split.',
  },
  unsupported_media_type: {
    when: 'The `Content-Type` is not one that the operation accepts, or it names a charset other than UTF-8, or the body is compressed.',
    cure: 'Send `Content-Type: application/json`, or `application/x-ndjson` for logs, uncompressed.',
  },
  headers_too_large: {
    when: 'The headers of the request, including its address, are larger than 16 KiB.',
    cure: 'Send fewer or smaller headers; put long lists of ids into a body.',
  },
  rate_limited: {
    when: 'The key or subject has exceeded its request limit per minute in this process. `RateLimit` states how many requests are left.',
    cure: 'Continue after `Retry-After`. Bulk operations and change streams need fewer requests. Operators set the limit with `PHASELOCK_RATE_LIMIT`.',
  },
  too_many_open_answers: {
    when: 'The key or subject has as many change streams or downloads open as one caller may have in this process, or has not read many megabytes of responses; `detail` states the number and the limit.',
    cure: 'Close unused streams, follow a project instead of each of its tasks, and read downloads to the end; then try again after `Retry-After`. Operators set the limits with `PHASELOCK_MAX_STREAMS_PER_CALLER` and `PHASELOCK_MAX_DOWNLOADS_PER_CALLER`.',
  },
  overloaded: {
    when: 'More requests wait for the database or the processor than can be served in time, or too many change streams or downloads are open. The request was not started.',
    cure: 'Try again after `Retry-After` plus a short random delay. Heartbeats, logs and the end of a turn are refused last.',
  },
};
