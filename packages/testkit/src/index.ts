export {
  allSessions,
  aStart,
  begin,
  confirmed,
  type GuardedSession,
  OPUS,
  replaceBy,
  SONNET,
  SONNET_NEXT,
  sessionOf,
  shown,
} from './a-start.ts';
export { agentId, aTurn, runTurn, startedOf, tokenOf } from './a-turn.ts';
export { runAdminStatement } from './admin-statement.ts';
export {
  type AlertmanagerAvailability,
  type AlertmanagerServer,
  alertmanagerAvailable,
  startAlertmanager,
} from './alertmanager-tools.ts';
export { checkHistory } from './check-history.ts';
export { type EventuallyOptions, eventually } from './eventually.ts';
export { findProgram } from './find-program.ts';
export { freePort } from './free-port.ts';
export { growth, QUADRUPLED_AT_MOST } from './growth.ts';
export { type Effect, monotonicMicros, type RecordedOperation, type Violation } from './history.ts';
export { type HeldLock, holdLock } from './hold-lock.ts';
export { holdSlot } from './hold-slot.ts';
export { keyIn } from './key-in.ts';
export { metricChanges } from './metric-changes.ts';
export { lockedBy, openTestGuard, type TestGuard } from './open-test-guard.ts';
export {
  type MachineTimes,
  machineTimes,
  memoryOf,
  type ProcessRow,
  processRow,
  readProcessTable,
  treeOf,
} from './process-table.ts';
export {
  checkMetrics,
  type PrometheusAvailability,
  type PrometheusServer,
  prometheusAvailable,
  runPrometheus,
  startPrometheus,
} from './prometheus-tools.ts';
export { countQueries, type QueryCount } from './query-counter.ts';
export { callsWaiting, lapseLease, queueBehind } from './queue-behind.ts';
export { readMetric } from './read-metric.ts';
export { type RedisAvailability, type RedisServer, redisAvailable, startRedis } from './redis-server.ts';
export { type Ran, runProgram, runWell } from './run-program.ts';
export { seriesIn } from './series-in.ts';
export { mountSmallDisk, type SmallDisk, smallDiskAvailable } from './small-disk.ts';
export { type NodeExit, type SpawnedNode, type SpawnNodeOptions, spawnNode } from './spawn-node.ts';
export { type SteppedClock, stepClockOf } from './stepped-clock.ts';
export { type StopAt, stopAt } from './stop-at.ts';
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';
export { createEmptyDatabase, createTestDatabase, type TestDatabase } from './test-database.ts';
export type { TestServer } from './test-server.ts';
export { unchainEvents } from './unchain-events.ts';
export { type LogUser, openLogUser } from './use-log.ts';
export { CLAUDE_MODELS, createWorld, type World } from './world.ts';
