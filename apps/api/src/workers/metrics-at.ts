import type { Config } from '../config/read-config.ts';

/** Names the metrics ports of all workers, for requests to `/metrics` on the shared port. */
export const metricsAt = ({ metricsPort, workers }: Pick<Config, 'metricsPort' | 'workers'>): string =>
  metricsPort === 0
    ? 'the ports in the log lines "worker-started"'
    : `the ports ${metricsPort} to ${metricsPort + workers - 1} of this host`;
