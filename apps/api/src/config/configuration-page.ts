import { settingsTables } from '@phaselock/settings';
import { SETTINGS } from './settings.ts';

/** docs/configuration.md, so that it cannot say anything else than the code. */
export const configurationPage = (): string =>
  `${[
    '# Configuration of the API',
    'By environment variables. They are checked at start: every mistake is listed at once, and nothing starts. A variable that begins with `PHASELOCK_` and is not known is warned about. Made from `apps/api/src/config/settings.ts`. The purge worker has [its own](purge-configuration.md).',
    settingsTables(SETTINGS),
  ].join('\n\n')}\n`;
