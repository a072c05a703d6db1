import { createServer } from 'node:net';
import type { Config } from '../config/read-config.ts';
import { listening } from '../life/listening.ts';

type Ports = Pick<Config, 'host' | 'port' | 'metricsPort' | 'workers'>;

/**
 * Checks the ports before anything else starts, so that a used port is reported first and with the name of its setting.
 */
export async function insistOnFreePorts({ host, port, metricsPort, workers }: Ports): Promise<void> {
  const numbers = metricsPort === 0 ? [] : Array.from({ length: workers }, (_, at) => metricsPort + at);
  if (port !== 0) await insistOnFree(host, port, 'PHASELOCK_PORT');
  for (const one of numbers) await insistOnFree(host, one, 'PHASELOCK_METRICS_PORT');
}

async function insistOnFree(host: string, port: number, setting: Parameters<typeof listening>[1]): Promise<void> {
  const server = createServer();
  server.listen({ host, port, exclusive: true });
  await listening(server, setting);
  await new Promise((resolve) => void server.close(resolve));
}
