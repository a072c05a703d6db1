import { settingsTables } from '@phaselock/settings';
import { SETTINGS } from './settings.ts';

/** The text of docs/configuration.md, generated so that it cannot differ from the code. */
export const configurationPage = (): string =>
  `${[
    '# Configuration of the API',
    'The API is configured by environment variables and checks them at start. If any are wrong, it lists all mistakes and exits. An unknown variable that begins with `PHASELOCK_` causes a warning in the log. This page is generated from `apps/api/src/config/settings.ts`. The purge worker has [its own settings](purge-configuration.md).',
    settingsTables(SETTINGS),
  ].join('\n\n')}\n`;
