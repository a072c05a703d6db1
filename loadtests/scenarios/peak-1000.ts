import { composeLoad } from '../users/compose-load.ts';
import { openArrivals, suddenUsers } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** A hundred users become a thousand within seconds, and a hundred again: what the service sheds, and how it comes back. */
const load = composeLoad({ size: SIZES['peak-1000'], held: 'none', sharedTasks: 20 });
const { settings } = load;

export const options = load.options({ ...suddenUsers(settings), ...openArrivals(settings) });
export const setup = load.setup;
export const closed = load.person;
export const openLookup = load.lookUp;
export const openReplace = load.replace;
