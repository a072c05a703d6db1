import type { Setting } from '@phaselock/settings';
import { cpuLimitCores } from '@phaselock/telemetry';

const MOST = 64;

/** How many processes answer at the port; `auto` is settled here, so that nothing else has to know of it. */
export const workerCount = (group: string, cores: () => number = cpuLimitCores): Setting<number> => ({
  variable: 'PHASELOCK_WORKERS',
  group,
  meaning:
    'Processes that answer at the port, [each a replica of its own](replicas.md#several-processes-of-one-program); `auto`: as many as it has processors',
  fallback: '1',
  form: `a whole number from 1 to ${MOST}, or \`auto\``,
  parse: (text) => {
    if (text === 'auto') return { value: Math.min(MOST, Math.max(1, Math.floor(cores()))) };
    const value = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
    return value >= 1 && value <= MOST ? { value } : { mistake: `must be a whole number from 1 to ${MOST}, or auto` };
  },
});
