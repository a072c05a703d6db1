import { readSettings, type Settings } from '@phaselock/settings';
import { SETTINGS as API } from '../../apps/api/src/config/settings.ts';
import { SETTINGS as PURGE_WORKER } from '../../apps/purge-worker/src/settings.ts';

type Variables = Readonly<Record<string, string>>;

/** verify-sessions has arguments, and takes what it shares with the service from the environment. */
const { databaseUrl, archiveUrl, dataDir } = API;
const VERIFY = { databaseUrl, archiveUrl, dataDir } satisfies Settings;

/** Which settings a container of ours reads, by its command; without one it is the API, as the Dockerfile says. */
function settingsOf(command: readonly string[]): Settings {
  const runs = (app: string): boolean => command.some((part) => part.includes(`apps/${app}/`));
  if (runs('purge-worker')) return PURGE_WORKER;
  return runs('verify-cli') ? VERIFY : API;
}

/** What is wrong with the environment of a container: names no program of ours knows, and values it would refuse. */
export function mistakesIn(command: readonly string[], variables: Variables): string[] {
  const settings = settingsOf(command);
  const known = new Set(Object.values(settings).map(({ variable }) => variable));
  const ours = Object.keys(variables).filter((name) => name.startsWith('PHASELOCK_'));
  const unknown = ours.filter((name) => !known.has(name)).map((name) => `${name} is no setting`);
  try {
    readSettings(settings, variables);
    return unknown;
  } catch (error) {
    return [...unknown, error instanceof Error ? error.message : String(error)];
  }
}
