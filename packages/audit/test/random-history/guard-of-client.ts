import type { OpenGuard, OpenGuardOptions } from '@phaselock/guard';
import { createLogger } from '@phaselock/telemetry';
import type { TestGuard } from '@phaselock/testkit';
import type { Settings } from './board.ts';

/** Opens a guard for one client, which locks as the settings of the history say and writes its log to `logTo`. */
export const guardOfClient = (
  home: TestGuard,
  settings: Settings,
  logTo: (line: string) => void,
  options: Partial<OpenGuardOptions> = {},
): Promise<OpenGuard> =>
  home.another({
    ...options,
    flags: () => ({
      pessimistic_locking_enabled: settings.strategy === 'pessimistic',
      locking_strategy: settings.strategy,
    }),
    logger: createLogger({
      service: 'phaselock',
      version: '0.0.0',
      environment: 'test',
      level: 'info',
      destination: { write: logTo },
    }),
  });
