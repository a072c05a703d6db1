import { composeLoad } from '../users/compose-load.ts';
import { closedUsers } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** A thousand runners, each of which holds one turn. The program that starts k6 follows their changes. */
const load = composeLoad({ size: SIZES.runners, held: 'failures', sharedTasks: 0 });

export const options = load.options(closedUsers(load.settings));
export const setup = load.setup;
export const closed = load.runner;
