import { once } from 'node:events';
import type { Server } from 'node:net';

/**
 * Waits until the server listens and returns its port, which the system chose if 0 was requested. An error names the
 * setting of the port.
 */
export async function listening(server: Server, setting: 'PHASELOCK_PORT' | 'PHASELOCK_METRICS_PORT'): Promise<number> {
  try {
    await once(server, 'listening');
  } catch (error) {
    throw new Error(`${setting}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error(`${setting}: the system returned no port`);
  return address.port;
}
