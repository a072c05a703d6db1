import { readSettings, type Settings } from '@phaselock/settings';
import { SETTINGS as API } from '../../apps/api/src/config/settings.ts';
import { SETTINGS as PURGE_WORKER } from '../../apps/purge-worker/src/settings.ts';

type Variables = Readonly<Record<string, string>>;

/** verify-sessions takes arguments, and reads the settings it shares with the service from the environment. */
const { databaseUrl, archiveUrl, dataDir } = API;
const VERIFY = { databaseUrl, archiveUrl, dataDir } satisfies Settings;

/** The settings that a container reads, by its command. Without a command it runs the API, as in the Dockerfile. */
function settingsOf(command: readonly string[]): Settings {
  const runs = (app: string): boolean => command.some((part) => part.includes(`apps/${app}/`));
  if (runs('purge-worker')) return PURGE_WORKER;
  return runs('verify-cli') ? VERIFY : API;
}

/** Mistakes in the environment of a container: unknown PHASELOCK_ names, and values that the program refuses. */
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
