import type { Agent, DeletionReason, Generation, Mode, Phase, ProjectId, SessionId, TaskId } from '@phaselock/core';
import type { Generated, GeneratedAlways } from 'kysely';
import type { StoreId } from './store-id.ts';

/** The tables that hold the state of the archive. */
export type ArchiveSchema = {
  archives: {
    session_id: SessionId;
    task_id: TaskId;
    project_id: ProjectId;
    phase: Phase;
    mode: Mode;
    agent: Agent;
    variant: string | null;
    model: string | null;
    generation: Generation;
    predecessor_id: SessionId | null;
    replaced_by: SessionId | null;
    session_created_at: Date;
    deleted_at: Date;
    deleted_reason: DeletionReason;
    session_version: number;
    object_key: string;
    object_version: string | null;
    sha256: Buffer;
    bytes: number;
    process_count: number;
    event_count: number;
    log_count: number;
    feedback_count: number;
    archived_at: Generated<Date>;
    verified_at: Date | null;
    purged_at: Date | null;
    expires_at: Generated<Date>;
    legal_hold: Generated<boolean>;
    hold_reason: string | null;
    removing_at: Date | null;
    removed_at: Date | null;
    copy: Generated<number>;
    damaged: Generated<number>;
    /** The end of the session’s chain of events when it was archived; null in archives of earlier releases. */
    chain_length: number | null;
    chain_hash: Buffer | null;
  };
  archive_claims: {
    session_id: SessionId;
    task_id: TaskId;
    token: string | null;
    leased_until: Date | null;
    failures: Generated<number>;
    due_at: Generated<Date>;
    error_code: string | null;
    error_text: string | null;
    object_key: string | null;
    dead_at: Date | null;
    discarded_at: Date | null;
    discarded_by: string | null;
    discard_reason: string | null;
    copy: Generated<number>;
  };
  archive_store: {
    singleton: Generated<boolean>;
    id: StoreId;
    place: string;
    laid_at: Date | null;
    seal: string | null;
    adopted_at: Date | null;
    adopted_by: string | null;
    adopt_reason: string | null;
  };
  archive_seals: { seal: string; announced_at: Generated<Date> };
  archive_leftovers: { object_key: string; since: Generated<Date>; removing_at: Date | null };
  archive_reads: {
    id: GeneratedAlways<number>;
    session_id: SessionId;
    task_id: TaskId;
    actor: string | null;
    request_id: string | null;
    at: Generated<Date>;
  };
  archive_runs: {
    id: string;
    started_at: Generated<Date>;
    finished_at: Date | null;
    worker: string;
    lanes_left: number;
    archived: Generated<number>;
    purged: Generated<number>;
    removed: Generated<number>;
    failed: Generated<number>;
    bytes: Generated<number>;
    seen_at: Date | null;
    given_up_at: Date | null;
    skipped: Generated<boolean>;
  };
};
