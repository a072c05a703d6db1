import { composeLoad } from '../users/compose-load.ts';
import { closedUsers, openArrivals } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** A hundred users beside arrivals at a constant rate: normal load. All limits of a rollout hold. */
const load = composeLoad({ size: SIZES['users-100'], held: 'all', sharedTasks: 10 });
const { settings } = load;

export const options = load.options({ ...closedUsers(settings), ...openArrivals(settings) });
export const setup = load.setup;
export const closed = load.person;
export const openLookup = load.lookUp;
export const openReplace = load.replace;
