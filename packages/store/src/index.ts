export { adoptSession } from './adopt-session.ts';
export {
  type ApiKeyRow,
  addApiKey,
  findApiKey,
  listApiKeys,
  type NewApiKey,
  revokeApiKey,
  type StoredApiKey,
  touchApiKeys,
} from './api-keys.ts';
export {
  type AnnouncedObject,
  type ArchiveClaim,
  type ArchiveFailure,
  announceObjects,
  type ClaimToken,
  claimForArchive,
  failArchives,
  leaveObjects,
  releaseClaims,
  renewClaims,
} from './archive/claims.ts';
export {
  type LogOfSession,
  readContents,
  readLogPage,
  readShortLogs,
  type SessionContents,
} from './archive/content.ts';
export {
  type DeadLetter,
  type DeadLetterChoice,
  discardDeadLetters,
  listDeadLetters,
  retryDeadLetters,
} from './archive/dead-letters.ts';
export {
  type Manifest,
  type Marked,
  type MarkedIn,
  markArchived,
  type PartCounts,
} from './archive/manifests.ts';
export { findOrphans } from './archive/orphans.ts';
export {
  claimForPurge,
  type Distrusted,
  distrustArchives,
  type PurgeClaim,
  type Purged,
  purgeProven,
} from './archive/purge.ts';
export {
  type ArchiveRead,
  type ArchiveRecord,
  listArchives,
  readArchive,
  recordArchiveRead,
} from './archive/records.ts';
export {
  beginLeftovers,
  beginRemovals,
  finishLeftovers,
  finishRemovals,
  type Held,
  holdArchive,
  type Removal,
  removalsDue,
} from './archive/retention.ts';
export {
  type ArchiveStatus,
  beginRun,
  endLane,
  lastRuns,
  nextRetryAt,
  type RunCounts,
  type RunRecord,
  readArchiveStatus,
  skipRun,
  touchRun,
} from './archive/runs.ts';
export { readArchiveStanding } from './archive/standing.ts';
export type { StoreId } from './archive/store-id.ts';
export {
  adoptStore,
  announceSeal,
  announceStore,
  type CountedOn,
  forgetSeals,
  type KnownStore,
  laidMarker,
  listOldSeals,
  listPurgedObjects,
  readKnownStore,
  replaceSeal,
  sampleOfObjects,
} from './archive/store-identity.ts';
export { type AuditRun, lastAudit } from './audit-runs.ts';
export { type BeginTurn, beginTurn } from './begin-turn.ts';
export { addAttempt, addProject, addTask, type EditProject, editProject, readStrictProjects } from './board.ts';
export { type BulkDeleted, type BulkOpen, deleteOrphans, deleteSessions, openSessions } from './bulk-sessions.ts';
export {
  addModel,
  addProfile,
  deleteModel,
  deleteProfile,
  type EditModel,
  type EditProfile,
  editModel,
  editProfile,
  type ModelRow,
  type ProfileRow,
  readCatalogue,
} from './catalogue.ts';
export { type ChainProgress, chainNextTasks, MOST_TASKS_LEFT, readChainProgress } from './chain-events.ts';
export {
  type Change,
  type ChangeFilter,
  type ChangePlace,
  formatPlace,
  isAfter,
  parsePlace,
  readChanges,
  readChangesOf,
  readChangeTail,
} from './change-feed.ts';
export { connectListener } from './connect-listener.ts';
export { createBeside, createBesideOutside, readGuardedTasks } from './create-beside.ts';
export { type Database, type DatabaseOptions, openDatabase } from './database.ts';
export { type DeletedRow, deleteAttempt, deleteProject, deleteTask } from './delete-from-board.ts';
export { type DeletedSession, deleteSession } from './delete-session.ts';
export { hasEmbeddedPostgres } from './embedded/has-embedded-postgres.ts';
export { type PrivateFile, readPrivateFile, writePrivateFile } from './embedded/private-file.ts';
export { removeEmbeddedPostgres } from './embedded/remove-embedded-postgres.ts';
export { type RestartBackoff, restartBackoff } from './embedded/restart-backoff.ts';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/start-embedded-postgres.ts';
export type { ServerEvent, ServerState } from './embedded/supervise-server.ts';
export { addFeedback, type Feedback, type FeedbackRow, type RatedSession, readFeedback } from './feedback.ts';
export {
  type FlagChange,
  type FlagChangeRow,
  type FlagState,
  type KillFlag,
  killFlag,
  listFlagChanges,
  readFlagState,
  readFlagStates,
  readKilledFlags,
  type SetFlag,
  setFlag,
} from './flags.ts';
export {
  type IdempotentResponse,
  keepIdempotentResponses,
  readIdempotentResponse,
  readIdempotentResponses,
  sweepIdempotencyKeys,
  takeIdempotencyKey,
  withIdempotencyKey,
} from './idempotency.ts';
export { type KeepSession, type KeptSession, keepSession } from './keep-session.ts';
export { readLatestSessions } from './latest-sessions.ts';
export { countLegacyDuplicates, MOST_DUPLICATES } from './legacy-duplicates.ts';
export {
  type CatalogueFilter,
  listModels,
  listProfiles,
  type ModelRecord,
  type ProfileRecord,
  removeModel,
  removeProfile,
} from './list-catalogue.ts';
export { listSessions, type Page, readSession, type SessionFilter } from './list-sessions.ts';
export { type LapsedProcess, markLapsed } from './mark-lapsed.ts';
export { MigrationError, type MigrationStatus, migrate, migrationStatus, schemaFits } from './migrate.ts';
export { type IdempotencyRow, type OpenedSession, openSession } from './open-session.ts';
export { type PageAfter, type PageOf, pageOf } from './page.ts';
export { POOL_DEFAULTS, type PoolObserver, type PoolOptions, type PoolStats } from './pool.ts';
export {
  type AttemptRow,
  listAttempts,
  listProjects,
  listTasks,
  type ProjectRow,
  readAttempt,
  readProject,
  readTask,
  type TaskRow,
} from './read-board.ts';
export { type Ownable, type Owner, readOwners } from './read-owner.ts';
export {
  type AnnouncementFilter,
  type AnnouncementPlace,
  type AnnouncementRow,
  announceNote,
  listAnnouncements,
  parseAnnouncementPlace,
  placeOfAnnouncement,
  withdrawAnnouncement,
} from './rollout/announcements.ts';
export { type RolloutLease, releaseRollout, renewRollout, type TakeRollout, takeRollout } from './rollout/lease.ts';
export { type CampaignRecord, type FlagKill, readCampaign } from './rollout/read-campaign.ts';
export { type RolloutRow, readRollouts } from './rollout/read-rollouts.ts';
export {
  countRolloutHistory,
  type RolloutStepRow,
  type RolloutVerdictRow,
  readRolloutSteps,
  readRolloutVerdicts,
} from './rollout/rollout-history.ts';
export type { HeldFor, RolloutAction, RolloutState } from './rollout/schema.ts';
export {
  type FlagStep,
  type RolloutStep,
  type SteppedRollout,
  type StepRollout,
  type StoredVerdict,
  stepRollout,
} from './rollout/step-rollout.ts';
export {
  appendLogs,
  closeSession,
  type FinishedTurn,
  finishTurn,
  type LogLine,
  recordUsage,
  renewLease,
  reportAgentSession,
  type TurnToken,
  type Usage,
} from './running-turn.ts';
export type { LogKind, Rating, Schema, UnlistedModels } from './schema.ts';
export { LOG_KINDS, RATINGS, UNLISTED_MODELS } from './schema.ts';
export { type SeededModel, seedCatalogue } from './seed-catalogue.ts';
export {
  type LogRow,
  type ProcessRow,
  placeInSession,
  readEventPage,
  readEvents,
  readLastLogId,
  readLogs,
  readProcess,
  readProcesses,
  readProcessesOfAttempt,
  readProcessPage,
  type SessionEventRow,
} from './session-history.ts';
export type { SessionRecord } from './session-record.ts';
export { sessionsInSlots } from './sessions-in-slots.ts';
export { shortenLeases } from './shorten-leases.ts';
export { type KeyedSlotState, readSlotState, readSlotStates } from './slot-state.ts';
export { firstRow, type Sql, type Statement, type Writer } from './sql.ts';
export { classifyFailure, type Failure } from './sqlstates.ts';
export { OutOfTime, type WhoWaits, within } from './time-left.ts';
export type { GroupLimits } from './together/group-calls.ts';
export { LeftOut } from './together/left-out.ts';
export type { Transaction } from './transaction.ts';
export { readTurnState, type TurnState } from './turn-state.ts';
