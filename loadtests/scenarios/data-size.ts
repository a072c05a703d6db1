import { composeLoad } from '../users/compose-load.ts';
import { closedUsers, openArrivals } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** Users and arrivals on a database that was filled before: they look at its tasks and work on them as boards are used, beside tasks of their own. */
const load = composeLoad({ size: SIZES['data-size'], held: 'failures', sharedTasks: 10 });
const { settings } = load;

export const options = load.options({ ...closedUsers(settings), ...openArrivals(settings) });
export const setup = load.setup;
export const closed = load.person;
export const openLookup = load.lookUp;
export const openReplace = load.replace;
