import type {
  Agent,
  AgentSessionId,
  ApiKeyId,
  AttemptId,
  DeletionReason,
  Generation,
  Mode,
  ModelId,
  Parameters,
  Phase,
  ProcessAction,
  ProcessId,
  ProcessStatus,
  ProfileId,
  ProjectId,
  SessionId,
  SessionStatus,
  TaskId,
  TurnReason,
} from '@phaselock/core';
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { ArchiveSchema } from './archive/schema.ts';
import type { RolloutSchema } from './rollout/schema.ts';

type CreatedAt = ColumnType<Date, Date | undefined, never>;
type Json<Value> = ColumnType<Value, string, string>;

type Usage = {
  input_tokens: Generated<number>;
  output_tokens: Generated<number>;
  turns: Generated<number>;
  cost_usd_micros: Generated<number>;
};

type Identity = {
  agent: Agent;
  variant: string | null;
  model: string | null;
  resolved_model: string | null;
  parameters: Json<Parameters>;
};

export type SessionTable = Identity &
  Usage & {
    id: SessionId;
    task_id: TaskId;
    phase: Phase;
    mode: Mode;
    status: SessionStatus;
    generation: Generation;
    version: Generated<number>;
    guarded: boolean;
    standalone: Generated<boolean>;
    milestone_id: string | null;
    kept_through: number | null;
    taken_up: AgentSessionId | null;
    conversation_of: SessionId | null;
    created_by: string | null;
    predecessor_id: SessionId | null;
    handoff: string | null;
    agent_session_id: AgentSessionId | null;
    lease_expires_at: Date | null;
    lease_ms: number | null;
    created_at: Date;
    updated_at: Date;
    ended_at: Date | null;
    deleted_at: Date | null;
    deleted_reason: DeletionReason | null;
    replaced_by: SessionId | null;
    archived_at: Date | null;
  };

export type ProcessTable = Identity &
  Usage & {
    id: ProcessId;
    task_id: TaskId;
    attempt_id: AttemptId;
    session_id: SessionId;
    seq: number;
    action: ProcessAction;
    reason: TurnReason;
    passed_session_id: AgentSessionId | null;
    pre_retry_session_id: AgentSessionId | null;
    skip_context: Generated<boolean>;
    agent_session_id: AgentSessionId | null;
    invalidated: Generated<boolean>;
    dropped: Generated<boolean>;
    generation: Generation;
    status: ProcessStatus;
    exit_code: number | null;
    started_at: Date;
    ended_at: Date | null;
  };

export const LOG_KINDS = ['stdout', 'stderr', 'event', 'result'] as const;
export type LogKind = (typeof LOG_KINDS)[number];

/** Whether a project accepts model names that are not in the catalogue, when other names of the same family are. */
export const UNLISTED_MODELS = ['accepted', 'refused'] as const;
export type UnlistedModels = (typeof UNLISTED_MODELS)[number];

export const RATINGS = ['good', 'neutral', 'bad'] as const;
export type Rating = (typeof RATINGS)[number];

type EventType =
  | 'created'
  | 'created-beside'
  | 'replaced'
  | 'adopted'
  | 'kept'
  | 'deleted'
  | 'turn-started'
  | 'turn-finished'
  | 'turn-lost'
  | 'conversation-told'
  | 'usage-booked'
  | 'logs-appended'
  | 'closed'
  | 'standalone-started';

export type SessionEventTable = {
  tx: GeneratedAlways<string>;
  id: GeneratedAlways<number>;
  task_id: TaskId;
  phase: Phase;
  mode: Mode;
  session_id: SessionId;
  type: EventType;
  reason: string | null;
  generation: Generation;
  predecessor_id: SessionId | null;
  actor: string | null;
  detail: unknown;
  at: Date;
  /** Position in its session, and the hash over itself and the hash before it; null until an old event is chained. */
  place: GeneratedAlways<number | null>;
  hash: GeneratedAlways<Buffer | null>;
};

type PartSchemas = ArchiveSchema & RolloutSchema;

export type Schema = PartSchemas & {
  projects: { id: ProjectId; name: string; unlisted_models: Generated<UnlistedModels>; created_at: CreatedAt };
  tasks: { id: TaskId; project_id: ProjectId; title: string; created_at: CreatedAt };
  attempts: {
    id: AttemptId;
    task_id: TaskId;
    branch: string | null;
    worktree: string | null;
    last_seq: Generated<number>;
    created_at: CreatedAt;
  };
  models: {
    id: ModelId;
    agent: Agent;
    name: string;
    is_default: Generated<boolean>;
    stands_for: string | null;
    created_at: CreatedAt;
    deleted_at: Date | null;
  };
  profiles: {
    id: ProfileId;
    agent: Agent;
    variant: string;
    model: string | null;
    parameters: Json<Parameters>;
    created_at: CreatedAt;
    deleted_at: Date | null;
  };
  slots: {
    task_id: TaskId;
    phase: Phase;
    mode: Mode;
    generation: Generated<Generation>;
    version: Generated<number>;
    live_session_id: SessionId | null;
  };
  sessions: SessionTable;
  processes: ProcessTable;
  session_logs: {
    id: GeneratedAlways<number>;
    session_id: SessionId;
    process_id: ProcessId | null;
    kind: LogKind;
    line: string;
    at: CreatedAt;
  };
  session_events: SessionEventTable;
  idempotency_keys: {
    scope: string;
    key: string;
    request_hash: string;
    response: unknown;
    created_at: CreatedAt;
    expires_at: ColumnType<Date, Date | undefined, Date>;
  };
  /** Append-only, written by triggers. */
  flag_changes: {
    id: Generated<number>;
    flag: string;
    version: number | null;
    at: CreatedAt;
    actor: string;
    why: string | null;
    from: unknown;
    to: unknown;
  };
  api_keys: {
    id: ApiKeyId;
    prefix: string;
    secret_sha256: Buffer;
    name: string;
    scopes: string[];
    project_id: ProjectId | null;
    created_at: CreatedAt;
    last_used_at: Date | null;
    revoked_at: Date | null;
  };
  feedback: {
    id: GeneratedAlways<number>;
    session_id: SessionId;
    rating: Rating;
    comment: string | null;
    created_by: string | null;
    created_at: CreatedAt;
  };
  audit_runs: {
    id: GeneratedAlways<number>;
    finished_at: Generated<Date>;
    release: string;
    scope: 'all' | 'since' | 'sample' | 'task' | 'attempt';
    sessions: number;
    errors: number;
    warnings: number;
    undecidable: number;
  };
};
