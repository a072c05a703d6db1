import { composeLoad } from '../users/compose-load.ts';
import { closedUsers, once, openArrivals } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** Every operation at least once, and a few users: tests whether anything is broken, not how fast it is. */
const load = composeLoad({ size: SIZES.smoke, held: 'failures', sharedTasks: 2 });
const { settings } = load;

export const options = load.options({ ...closedUsers(settings), ...once('tour', '60s'), ...openArrivals(settings) });
export const setup = load.setup;
export const closed = load.person;
export const tour = load.tour;
export const openLookup = load.lookUp;
export const openReplace = load.replace;
