import { composeLoad } from '../users/compose-load.ts';
import { closedUsers } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** A few users with a short think time, for screenshots of the dashboards. Its latencies only apply to so few users. */
const load = composeLoad({ size: SIZES.mixed, held: 'none', sharedTasks: 4 });

export const options = load.options(closedUsers(load.settings));
export const setup = load.setup;
export const closed = load.person;
