export { connectListener } from './connect-listener.ts';
export { type Database, openDatabase, type Transaction } from './database.ts';
export { POOL_DEFAULTS, type PoolObserver, type PoolOptions, type PoolStats } from './pool.ts';
export { classifyFailure, type Failure } from './sqlstates.ts';
export { firstRow, type Sql, type Statement, type Writer } from './sql.ts';
export type { LogKind, Rating, Schema } from './schema.ts';
export { LOG_KINDS, RATINGS } from './schema.ts';
export { migrate, MigrationError, type MigrationStatus, migrationStatus } from './migrate.ts';
export { LOCK_SLOT, type KeyedSlotState, lockSlotValues, readSlotState, readSlotStates, type SlotStateRow, toSlotState } from './slot-state.ts';
export { type IdempotencyRow, type OpenedSession, openSession } from './open-session.ts';
export { adoptSession } from './adopt-session.ts';
export { createBeside } from './create-beside.ts';
export { type DeletedSession, deleteSession } from './delete-session.ts';
export { readTurnState, type TurnState } from './turn-state.ts';
export { beginTurn, type BeginTurn } from './begin-turn.ts';
export {
  appendLogs,
  closeSession,
  finishTurn,
  type LogLine,
  recordUsage,
  renewLease,
  reportAgentSession,
  type TurnToken,
  type Usage,
} from './running-turn.ts';
export { type BulkOpen, deleteSessions, openSessions } from './bulk-sessions.ts';
export type { SessionRecord } from './session-record.ts';
export { readLatestSessions } from './latest-sessions.ts';
export { listSessions, type Page, readSession, type SessionFilter } from './list-sessions.ts';
export { addModel, addProfile, deleteModel, deleteProfile, type ModelRow, type ProfileRow, readCatalogue } from './catalogue.ts';
export { seedCatalogue } from './seed-catalogue.ts';
export { addAttempt, addProject, addTask } from './board.ts';
export { type LogRow, type ProcessRow, readEvents, readLastLogId, readLogs, readProcess, readProcesses, type SessionEventRow } from './session-history.ts';
export { readIdempotentResponse, sweepIdempotencyKeys } from './idempotency.ts';
export { addFeedback, type Feedback } from './feedback.ts';
export { removeEmbeddedPostgres } from './embedded/remove-embedded-postgres.ts';
export { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded/start-embedded-postgres.ts';
