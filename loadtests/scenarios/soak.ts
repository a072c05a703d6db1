import { composeLoad } from '../users/compose-load.ts';
import { closedUsers, openArrivals } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** Five hundred users for an hour: what grows, leaks or slows down shows late. */
const load = composeLoad({ size: SIZES.soak, held: 'failures', sharedTasks: 20 });
const { settings } = load;

export const options = load.options({ ...closedUsers(settings), ...openArrivals(settings) });
export const setup = load.setup;
export const closed = load.person;
export const openLookup = load.lookUp;
export const openReplace = load.replace;
