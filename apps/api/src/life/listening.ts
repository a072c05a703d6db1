import { once } from 'node:events';
import type { Server } from 'node:net';

/** Until it listens; answers the port, which the system chose where 0 was asked for. A port that cannot be had is told with the setting it comes from. */
export async function listening(server: Server, setting: 'PHASELOCK_PORT' | 'PHASELOCK_METRICS_PORT'): Promise<number> {
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(`${setting}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`${setting}: no port was given`);
  return address.port;
}
