export {
  ConfigMistakes,
  type ConfigOf,
  type Environment,
  readSettings,
  type Settings,
  unknownIn,
} from './read-settings.ts';
export { integer, list, oneOf, onOff, optional, plainText, type Setting, url } from './setting.ts';
export { settingsTables } from './settings-tables.ts';
export {
  archiveUrl,
  databaseUrl,
  dataDir,
  environment,
  logLevel,
  migrate,
  redisUrl,
  revision,
} from './shared-settings.ts';
