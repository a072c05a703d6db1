import type { Scenario } from 'k6/options';
import { composeLoad, type LoadSpec } from './compose-load.ts';
import { closedUsers, openArrivals } from './load-options.ts';
import type { Settings } from './settings.ts';

/** What k6 asks of a script in which users act beside arrivals that no answer holds back. */
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
