-- The tables of phaselock. Everything hot carries task_id, so that the schema can be sharded by it.

create table projects (
  id uuid primary key,
  name text not null check (name <> ''),
  created_at timestamptz not null default clock_timestamp()
);

create table tasks (
  id uuid primary key,
  project_id uuid not null references projects,
  title text not null check (title <> ''),
  created_at timestamptz not null default clock_timestamp()
);
-- Serves: the tasks of a project, newest last.
create index tasks_by_project on tasks (project_id, id);

create table attempts (
  id uuid primary key,
  task_id uuid not null references tasks,
  branch text,
  worktree text,
  -- Hands out the sequence numbers of the attempt's processes: timestamps tie, a counter does not.
  last_seq integer not null default 0,
  created_at timestamptz not null default clock_timestamp()
);
-- Serves: the attempts of a task.
create index attempts_by_task on attempts (task_id, id);

create table models (
  id uuid primary key,
  agent text not null,
  name text not null check (name <> ''),
  -- What the agent runs when no model is named.
  is_default boolean not null default false,
  -- Set for a moving name, such as `sonnet`: the model it stands for today.
  stands_for text,
  created_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz
);
-- Serve: one live row for a name, one default for an agent; a deleted name can be taken again.
create unique index models_live_name on models (agent, name) where deleted_at is null;
create unique index models_one_default on models (agent) where is_default and deleted_at is null;

create table profiles (
  id uuid primary key,
  agent text not null,
  variant text not null check (variant <> ''),
  model text,
  parameters jsonb not null default '{}' check (jsonb_typeof(parameters) = 'object'),
  created_at timestamptz not null default clock_timestamp(),
  deleted_at timestamptz
);
-- Serves: what a variant means now.
create unique index profiles_live_variant on profiles (agent, variant) where deleted_at is null;

-- What is locked. Nothing references it, so locking a row never blocks a foreign key check elsewhere.
create table slots (
  task_id uuid not null references tasks,
  phase text not null check (phase in ('plan', 'run', 'verify')),
  mode text not null check (mode in ('standard', 'debug')),
  -- Counts guarded births; the fencing token of the session born last.
  generation bigint not null default 0,
  -- Counts every change of the slot; orders two snapshots of it.
  version bigint not null default 0,
  live_session_id uuid,
  primary key (task_id, phase, mode)
) with (fillfactor = 60); -- No changing column is indexed: room in the page keeps every update a heap-only one.

create table sessions (
  id uuid primary key,
  task_id uuid not null references tasks,
  phase text not null check (phase in ('plan', 'run', 'verify')),
  mode text not null check (mode in ('standard', 'debug')),
  agent text not null,
  variant text,
  model text,
  parameters jsonb not null default '{}' check (jsonb_typeof(parameters) = 'object'),
  status text not null check (status in ('pending', 'ready', 'running', 'completed', 'failed', 'stopped')),
  -- The slot's counter at birth; 0 for a session born outside the guard.
  generation bigint not null check (generation >= 0),
  version integer not null default 1,
  guarded boolean not null,
  -- A temporary record of an execution outside every slot, so that its usage has somewhere to go.
  standalone boolean not null default false,
  created_by text,
  predecessor_id uuid,
  handoff text,
  agent_session_id text,
  lease_expires_at timestamptz,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  turns bigint not null default 0,
  cost_usd_micros bigint not null default 0,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  ended_at timestamptz,
  deleted_at timestamptz,
  deleted_reason text check (deleted_reason in ('model-changed', 'user-request', 'session-invalid', 'deleted', 'collapsed')),
  replaced_by uuid,
  check ((deleted_at is null) = (deleted_reason is null)),
  check (replaced_by is null or deleted_at is not null),
  check (not (standalone and guarded))
) with (fillfactor = 80); -- Heartbeats change only the lease: heap-only updates while the page has room.

-- The backstop: whatever the flags say and whatever the code does, one guarded live session in a slot.
create unique index sessions_one_live on sessions (task_id, phase, mode) where deleted_at is null and guarded;
-- Serves: lists and the lookup by task, phase and model, deleted ones left out or let in.
create index sessions_by_task_phase_model on sessions (task_id, phase, model, deleted_at);
-- Serves: the newest live session from before the task was enrolled. Guarded sessions are not in it.
create index sessions_legacy_live on sessions (task_id, phase, mode, created_at) where deleted_at is null and not guarded;
-- Serves: the purge, oldest deletion first.
create index sessions_deleted on sessions (deleted_at, id) where deleted_at is not null;
-- Serves: an agent's conversation belongs to one session.
create unique index sessions_agent_session on sessions (agent_session_id) where agent_session_id is not null;

create table processes (
  id uuid primary key,
  task_id uuid not null,
  attempt_id uuid not null references attempts,
  session_id uuid not null references sessions,
  seq integer not null,
  action text not null check (action in ('CodingAgentInitialRequest', 'CodingAgentFollowUpRequest')),
  reason text not null check (reason in ('first', 'same-model', 'model-changed', 'user-request', 'session-invalid')),
  passed_session_id text,
  pre_retry_session_id text,
  skip_context boolean not null default false,
  agent_session_id text,
  invalidated boolean not null default false,
  dropped boolean not null default false,
  -- The identity as it was resolved for this process: a variant's meaning can change later.
  agent text not null,
  variant text,
  model text,
  parameters jsonb not null,
  generation bigint not null,
  status text not null check (status in ('running', 'completed', 'failed', 'killed', 'lost')),
  exit_code integer,
  input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  turns bigint not null default 0,
  cost_usd_micros bigint not null default 0,
  started_at timestamptz not null,
  ended_at timestamptz,
  check ((action = 'CodingAgentInitialRequest') = (passed_session_id is null)),
  check ((status = 'running') = (ended_at is null))
) with (fillfactor = 85);
-- Serves: the timeline of an attempt, and that no two processes have one place in it.
create unique index processes_by_attempt on processes (attempt_id, seq);
-- Serves: the history of a session, newest first, and the process that may be running in it.
create index processes_by_session on processes (session_id, seq);
-- Serves: which process made an agent's id.
create index processes_by_agent_session on processes (agent_session_id) where agent_session_id is not null;

create table session_logs (
  id bigint generated always as identity primary key,
  session_id uuid not null references sessions,
  process_id uuid,
  kind text not null check (kind in ('stdout', 'stderr', 'event', 'result')),
  line text not null,
  at timestamptz not null default clock_timestamp()
);
-- Serves: the log of a session in the order it was written.
create index session_logs_by_session on session_logs (session_id, id);

-- What happened, one row a business event. No foreign key: the record outlives what it tells of.
create table session_events (
  id bigint generated always as identity primary key,
  task_id uuid not null,
  phase text not null,
  mode text not null,
  session_id uuid not null,
  type text not null,
  reason text,
  generation bigint not null,
  predecessor_id uuid,
  actor text,
  detail jsonb,
  at timestamptz not null
);
-- Serves: what happened to a task, in order, and to a session of it: a task has too few events for an index of their sessions to pay.
create index session_events_by_task on session_events (task_id, id);

create function refuse_change_of_history() returns trigger language plpgsql as $$
begin
  raise exception 'session_events is append-only: % is refused', tg_op using errcode = 'restrict_violation';
end $$;
create trigger session_events_append_only before update or delete or truncate on session_events
  for each statement execute function refuse_change_of_history();

create table idempotency_keys (
  scope text not null,
  key text not null,
  request_hash text not null,
  response jsonb not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null default clock_timestamp() + interval '24 hours',
  primary key (scope, key)
);
-- Serves: the sweep of keys past their day.
create index idempotency_keys_expiry on idempotency_keys (expires_at);

create table archives (
  session_id uuid primary key,
  task_id uuid not null,
  session_version integer not null,
  object_key text not null unique,
  object_version text,
  sha256 bytea not null check (length(sha256) = 32),
  bytes bigint not null,
  process_count integer not null,
  event_count integer not null,
  log_count bigint not null,
  archived_at timestamptz not null default clock_timestamp(),
  verified_at timestamptz,
  purged_at timestamptz,
  expires_at timestamptz not null default clock_timestamp() + interval '1 year',
  legal_hold boolean not null default false
);
-- Serves: the archives of a task.
create index archives_by_task on archives (task_id, session_id);

create table flags (
  name text primary key,
  enabled boolean not null,
  value jsonb,
  version integer not null default 1,
  updated_at timestamptz not null default clock_timestamp(),
  updated_by text
);

create table rollouts (
  flag text primary key references flags,
  stage smallint not null check (stage between 0 and 4),
  percent numeric(5, 2) not null check (percent between 0 and 100),
  state text not null check (state in ('idle', 'baking', 'holding', 'done', 'rolled-back')),
  baking_since timestamptz,
  updated_at timestamptz not null default clock_timestamp()
);

create table feedback (
  id bigint generated always as identity primary key,
  session_id uuid not null references sessions,
  rating text not null check (rating in ('good', 'neutral', 'bad')),
  comment text,
  created_by text,
  created_at timestamptz not null default clock_timestamp()
);
-- Serves: what was said of a session.
create index feedback_by_session on feedback (session_id, id);

create table api_keys (
  id uuid primary key,
  prefix text not null unique,
  secret_sha256 bytea not null check (length(secret_sha256) = 32),
  name text not null,
  scopes text[] not null,
  project_id uuid references projects,
  created_at timestamptz not null default clock_timestamp(),
  last_used_at timestamptz,
  revoked_at timestamptz
);
