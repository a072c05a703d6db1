import type { Config } from '../config/read-config.ts';

/** Where the numbers of all workers are, for those who look for them at the port they share. */
export const metricsAt = ({ metricsPort, workers }: Pick<Config, 'metricsPort' | 'workers'>): string =>
  metricsPort === 0
    ? 'the ports that the lines "worker-started" of the log name'
    : `the ports ${metricsPort} to ${metricsPort + workers - 1} of this host`;
