import { composeLoad } from '../users/compose-load.ts';
import { closedUsers } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';

/** Many users on few slots: they replace each other's sessions and stop each other's agents. */
const load = composeLoad({ size: SIZES.contention, held: 'none', sharedTasks: 2, onlyShared: true });

export const options = load.options(closedUsers(load.settings));
export const setup = load.setup;
export const closed = load.person;
