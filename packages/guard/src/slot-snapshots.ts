import type { Telemetry } from '@phaselock/telemetry';
import type { SlotSnapshots } from './context.ts';
import type { RedisConnection } from './redis-connection.ts';

export type InvalidationBusChoice = 'memory' | 'postgres' | 'redis';

export type SnapshotsOptions = {
  readonly invalidation: InvalidationBusChoice;
  readonly redis: RedisConnection | undefined;
  readonly databaseUrl: string;
  readonly telemetry: Telemetry;
};

export async function openSnapshots(_o: SnapshotsOptions): Promise<SlotSnapshots & AsyncDisposable> {
  return { get: async () => undefined, put: () => {}, changed: () => {}, [Symbol.asyncDispose]: async () => {} };
}
