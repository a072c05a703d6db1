import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/** Users and arrivals on a database that was filled before: they look at its tasks and work on them as boards are used, beside tasks of their own. */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES['data-size'],
  held: 'failures',
  sharedTasks: 10,
});
