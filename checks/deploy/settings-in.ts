import { readSettings, type Settings } from '@phaselock/settings';
import { SETTINGS as API } from '../../apps/api/src/config/settings.ts';
import { SETTINGS as PURGE_WORKER } from '../../apps/purge-worker/src/settings.ts';

type Variables = Readonly<Record<string, string>>;

/** Which settings a container of ours reads, by its command; without one it is the API, as the Dockerfile says. */
const settingsOf = (command: readonly string[]): Settings =>
  command.some((part) => part.includes('apps/purge-worker/')) ? PURGE_WORKER : API;

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
