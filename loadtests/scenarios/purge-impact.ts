import { composeLoad } from '../users/compose-load.ts';
import { closedUsers, openArrivals } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** A steady load, while the worker purges or not. Each replacement and deletion leaves something to purge. */
const load = composeLoad({ size: SIZES['purge-impact'], held: 'failures', sharedTasks: 10 });
const { settings } = load;

export const options = load.options({ ...closedUsers(settings), ...openArrivals(settings) });
export const setup = load.setup;
export const closed = load.person;
export const openLookup = load.lookUp;
export const openReplace = load.replace;
