import { composeLoad } from '../users/compose-load.ts';
import { closedUsers } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** A few users who hardly think, for pictures of dashboards. What it says of latency holds for that many users and no more. */
const load = composeLoad({ size: SIZES.mixed, held: 'none', sharedTasks: 4 });

export const options = load.options(closedUsers(load.settings));
export const setup = load.setup;
export const closed = load.person;
