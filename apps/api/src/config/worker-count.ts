import type { Setting } from '@phaselock/settings';
import { cpuLimitCores } from '@phaselock/telemetry';

const MOST = 64;

/** How many processes serve the port. `auto` becomes a number here, so no other code has to handle it. */
export const workerCount = (group: string, cores: () => number = cpuLimitCores): Setting<number> => ({
  variable: 'PHASELOCK_WORKERS',
  group,
  meaning:
    'Number of processes that serve the port, [each a replica of its own](replicas.md#several-processes-of-one-program); `auto`: one for each CPU core available to the program',
  fallback: '1',
  form: `a whole number from 1 to ${MOST}, or \`auto\``,
  parse: (text) => {
    if (text === 'auto') return { value: Math.min(MOST, Math.max(1, Math.floor(cores()))) };
    const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
    return value >= 1 && value <= MOST ? { value } : { mistake: `must be a whole number from 1 to ${MOST}, or auto` };
  },
});
