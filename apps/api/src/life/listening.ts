import { once } from 'node:events';
import type { Server } from 'node:net';

/** Until it listens. A port that cannot be had is told with the setting it comes from. */
export async function listening(server: Server, setting: 'PHASELOCK_PORT' | 'PHASELOCK_METRICS_PORT'): Promise<void> {
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(`${setting}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
