import { composeLoad } from '../users/compose-load.ts';
import { closedUsers, openArrivals } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** Users and arrivals that go on while something is broken from outside: failures are expected, and nothing may be lost by them. */
const load = composeLoad({ size: SIZES.recovery, held: 'none', sharedTasks: 10 });
const { settings } = load;

export const options = load.options({ ...closedUsers(settings), ...openArrivals(settings) });
export const setup = load.setup;
export const closed = load.person;
export const openLookup = load.lookUp;
export const openReplace = load.replace;
