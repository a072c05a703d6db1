export { runAdminStatement } from './admin-statement.ts';
export { type EventuallyOptions, eventually } from './eventually.ts';
export { type RedisAvailability, type RedisServer, redisAvailable, startRedis } from './redis-server.ts';
export { type NodeExit, type SpawnedNode, type SpawnNodeOptions, spawnNode } from './spawn-node.ts';
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts';
export { createEmptyDatabase, createTestDatabase, type TestDatabase } from './test-database.ts';
export type { TestServer } from './test-server.ts';
export { CLAUDE_MODELS, createWorld, type World } from './world.ts';
