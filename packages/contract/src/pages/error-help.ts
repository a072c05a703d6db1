import type { ErrorCode } from '@phaselock/core';

type Help = {
  /** When a caller meets it. */
  readonly when: string;
  /** What to do about it. */
  readonly cure: string;
};

/** What is behind each code, for whoever has just met it. docs/errors is made from this. */
export const ERROR_HELP: Readonly<Record<ErrorCode, Help>> = {
  session_create_failed: {
    when: 'A start failed for a reason nobody foresaw. The log has a line with the same request id and the stack. Nothing was written, or the answer to what was written got lost.',
    cure: 'Try again, with the same `Idempotency-Key` if there was one: whatever the first call did is then found, not done twice. If it stays, look for the request id in the logs.',
  },
  backend_unavailable: {
    when: 'PostgreSQL could not be reached, ended the connection, or did not answer within the deadline; or the keys of the token issuer could not be had.',
    cure: 'Try again after `Retry-After`, with the same `Idempotency-Key`. The service recovers by itself when the database is back; `/readyz` says when.',
  },
  storage_full: {
    when: 'The disk of PostgreSQL is full (SQLSTATE 53100), or it is down because of that, or a file of the service itself did not fit. The log says which disk. Reads are answered for as long as PostgreSQL runs.',
    cure: 'Whoever runs the service frees space on that disk, or makes it larger; nothing has to be restarted, and an embedded PostgreSQL that ended starts again by itself. A caller tries again after `Retry-After`, with the same `Idempotency-Key`.',
  },
  session_being_modified: {
    when: 'Somebody else held the slot, or changed it, each time within the deadline of five seconds.',
    cure: 'Try again after `Retry-After`. If it happens often on one slot, several clients are fighting over it: look at `phaselock_lock_contention_total`.',
  },
  unexpected: {
    when: 'Something happened that nobody foresaw. The log has a line with the same request id and the stack.',
    cure: 'Report it with the request id. Repeating the call may or may not help.',
  },
  replace_confirmation_required: {
    when: 'The slot has a live session of another model: another agent, family or major version, or a critical parameter such as the reasoning effort. `reasons` says what differs.',
    cure: 'Ask the user. To go on, send the same request with `confirm` of this problem: it replaces the session that was shown. Offer `GET /v1/sessions/{sessionId}/export` first. Needs the scope `sessions:replace`.',
  },
  keep_or_replace_required: {
    when: 'The model differs a little from that of the live session (a minor version, a release date, a parameter that is not critical), or it cannot be told whether it differs.',
    cure: 'Send the same request with `"confirm": {"kind": "keep"}` to go on with the session, or with `confirm` of this problem to replace it.',
  },
  session_moved_on: {
    when: 'The confirmation names a session that is not the live one any more: somebody else replaced or deleted it after it was shown.',
    cure: 'Look at the slot as it is now and decide again; `confirm` of this problem names the present session. Never confirm by itself what nobody has seen.',
  },
  model_missing: {
    when: 'The model or the profile asked for is not in the catalogue, or was deleted; `why` says which. Or the session to go on with has a model that was deleted since: it stays visible as "Model Not Found".',
    cure: 'Choose another model, or add it to the catalogue (`POST /v1/models`, `POST /v1/profiles`). A session whose model is gone can be looked at, exported and replaced.',
  },
  predecessor_stopping: {
    when: 'The session was born by a replacement, and the process of its predecessor has neither said that it stopped nor let its lease lapse.',
    cure: 'Try again after `Retry-After`: at the latest then its lease has lapsed. It is over at once when the old runner answers its heartbeat by finishing.',
  },
  turn_running: {
    when: 'A process is running in the session, by its lease.',
    cure: 'Wait until it has finished; its lease tells until when it can be silent. Two agents never write in one session.',
  },
  stale_generation: {
    when: 'The call carries the generation of a session that was replaced or deleted, or one that it never had. This is the fence: a replaced agent cannot write.',
    cure: 'Stop the agent. Whoever runs it finishes the process (that is still taken) and starts over with the live session, if it should.',
  },
  stale_process: {
    when: 'The lease of the process lapsed and it was marked as lost, or it has ended, or a later process has begun in its session. This is the fence within a session: a process that was taken for dead cannot write into what its successor goes on with.',
    cure: 'Stop the agent. Its end and its usage are still taken: `finish` with `ending`, `exitCode` and `usage`, without `agentSessionId` and `lostAgentSession`. Renew the lease every third of its length, and it does not happen.',
  },
  agent_session_taken: {
    when: "The agent's own id of the conversation is known already, for another session: it was reported, or `preRetryId` names it. Only a conversation of a session that has left the same slot can be taken up again.",
    cure: 'An agent that tells the same id for two sessions mixes two conversations. Give it the id the turn was started with, and report what it answers.',
  },
  illegal_transition: {
    when: 'The session or the process is in a state from which this does not lead, such as finishing a process as completed that has failed.',
    cure: 'Read the session (`GET /v1/sessions/{sessionId}`) and its processes: what was asked for has been decided otherwise.',
  },
  version_mismatch: {
    when: '`If-Match` names a version that is not the present one: it was changed after it was read.',
    cure: 'Read it again, look at what has changed, and send the new `ETag`.',
  },
  idempotency_key_reused: {
    when: 'The `Idempotency-Key` was used within the last day, by the same caller, for another request.',
    cure: 'Make a new key for each new request, and keep it for its repetitions only. A UUID does.',
  },
  already_exists: {
    when: 'There is a live model of that name, a profile of that variant, or an API key that another caller made with this Idempotency-Key.',
    cure: 'Use the one that is there, or delete it first: a deleted name can be taken again.',
  },
  project_not_found: {
    when: 'There is no such project, or it belongs to somebody else.',
    cure: 'Check the id, and the project of the key (`GET /v1/projects` lists what it may see).',
  },
  task_not_found: {
    when: 'There is no such task, or it belongs to a project of somebody else.',
    cure: 'Check the id, and the project of the key.',
  },
  attempt_not_found: {
    when: 'There is no such attempt, it belongs to somebody else, or it is an attempt at another task than the session is for.',
    cure: 'Check the id. A turn takes an attempt at the task of its session (`GET /v1/attempts?taskId=…`).',
  },
  session_not_found: {
    when: 'There is no such session, or it belongs to somebody else. A deleted session is still found by its id.',
    cure: 'Check the id, and the project of the key.',
  },
  archive_not_found: {
    when: 'The session was not archived: it lives, or it was deleted less than a day ago, or the purge worker does not run.',
    cure: 'While the session is in the database, `GET /v1/sessions/{sessionId}/export` has all of it.',
  },
  archive_removed: {
    when: 'Archives are kept for a year, unless they are held. What is left is what `GET /v1/tasks/{taskId}/archives` shows.',
    cure: 'None. Whoever needs one for longer holds it before (`purge-worker hold`).',
  },
  archive_damaged: {
    when: 'The object is not in the store, or does not have the hash it was written with.',
    cure: 'The log of the service says which. Bring back the version of the object that the database names (`verify-sessions --all --deep` finds all that are damaged).',
  },
  archive_unavailable: {
    when: 'The store of the archives does not answer, refuses the service, or is not the one the archives were kept in (a folder that is not mounted, another bucket).',
    cure: 'Try again. For whoever runs it: the log says what the store said; `store_changed` is a store without the right marker (`purge-worker store`).',
  },
  process_not_found: {
    when: 'There is no such process in this session.',
    cure: 'Take the process id from the answer that started the turn; after a fresh start its session is another one, and that answer names it.',
  },
  invalid_request: {
    when: 'The request cannot be understood: not JSON, a key twice, a key nobody knows, a value out of its bounds, characters that cannot be stored. `issues` lists all that is wrong, `detail` what could not even be read.',
    cure: 'Compare with the reference. Repeating the same request does not help.',
  },
  request_aborted: {
    when: 'The client left before the answer. Nobody sees this code but the logs.',
    cure: 'If you are the client: wait longer than the deadline of the service (five seconds), and repeat with the same `Idempotency-Key`.',
  },
  still_in_use: {
    when: 'Something hangs on what is to be deleted: tasks on a project, sessions or attempts on a task, processes on an attempt.',
    cure: 'History is not deleted along. Delete the sessions (`DELETE /v1/sessions/{sessionId}`): they leave the lists, and what they did can still be proved.',
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
    cure: 'Take the id from `GET /v1/admin/api-keys`; it is not the key itself, nor its prefix.',
  },
  last_admin_key: {
    when: 'No other key is valid, of all projects and with the scope `admin`: once it is revoked nobody could make or revoke keys any more, or change flags. Whoever asks, and also when several are revoked at the same time.',
    cure: 'Make the key that is to take its place (`POST /v1/admin/api-keys` with the scope `admin` and without `projectId`), then revoke this one with that. On the machine of the service `keys revoke --force` revokes it all the same; `keys create` there makes a new one.',
  },
  flag_not_found: {
    when: 'There is no flag of this name.',
    cure: 'Take the name from `GET /v1/admin/flags`. A flag nobody knows would switch nothing, so none is made by setting it.',
  },
  route_not_found: {
    when: 'There is nothing at this address.',
    cure: 'Compare with the reference; addresses are in lower case and have no slash at the end.',
  },
  method_not_allowed: {
    when: 'The address is right, the method is not.',
    cure: 'The header `Allow` names those that are.',
  },
  unauthorized: {
    when: 'The request has no credential, or one that is not valid: an unknown or revoked key, a token that has expired, or one of another issuer or audience.',
    cure: 'Send `Authorization: Bearer <key>`. Make a key with `npx pnpm@12 keys create --name me --scopes sessions:read,sessions:write`.',
  },
  forbidden: {
    when: 'The credential is valid and does not have the scope; `detail` names it. Or it belongs to one project and the operation concerns all of them. Or authentication is off and the request does not come from this machine.',
    cure: 'Use a key with that scope, or ask whoever administers them for one.',
  },
  request_timeout: {
    when: 'The headers or the body did not arrive whole within their time.',
    cure: 'Send it again. Large logs go in several requests of at most 5000 lines.',
  },
  payload_too_large: {
    when: 'The body is larger than the operation takes; `detail` says how large it may be.',
    cure: 'Send less at once: bulk operations and logs can be split.',
  },
  unsupported_media_type: {
    when: 'The body is not announced as what the operation takes, names a charset other than UTF-8, or is compressed.',
    cure: 'Send `Content-Type: application/json`, or `application/x-ndjson` for logs, uncompressed.',
  },
  headers_too_large: {
    when: 'The headers of the request, its address included, are larger than 16 KiB.',
    cure: 'Send fewer or smaller ones; long lists of ids go into a body.',
  },
  rate_limited: {
    when: 'The key or subject has asked more than its share within a minute, in this process. `RateLimit` says how much is left.',
    cure: 'Go on after `Retry-After`. Bulk operations and change streams ask less. Whoever runs the service sets `PHASELOCK_RATE_LIMIT`.',
  },
  too_many_open_answers: {
    when: 'The key or subject has as many change streams or downloads open as one caller may have in this process, or many megabytes of answers it has not read; `detail` says how many, and how many there may be.',
    cure: 'Close streams that nobody looks at, follow a project instead of each of its tasks, read downloads to their end; then try again after `Retry-After`. Whoever runs the service sets `PHASELOCK_MAX_STREAMS_PER_CALLER` and `PHASELOCK_MAX_DOWNLOADS_PER_CALLER`.',
  },
  overloaded: {
    when: 'More waits for the database, or for the processor, than could be served in time, or there are too many change streams or downloads. Nothing was begun.',
    cure: 'Try again after `Retry-After`, at random a little later. Heartbeats, logs and the end of a turn are taken longer than anything else.',
  },
};
