import type { Scenario } from 'k6/options';
import { composeLoad, type LoadSpec } from './compose-load.ts';
import { closedUsers, openArrivals } from './load-options.ts';
import type { Settings } from './settings.ts';

/** The exports of a k6 script with users in the closed arm and arrivals in the open arm. */
export function usersAndArrivals(
  spec: LoadSpec,
  users: (settings: Settings) => Record<string, Scenario> = closedUsers,
) {
  const load = composeLoad(spec);
  const { settings, setup } = load;
  return {
    options: load.options({ ...users(settings), ...openArrivals(settings) }),
    setup,
    closed: load.person,
    openLookup: load.lookUp,
    openReplace: load.replace,
  };
}
