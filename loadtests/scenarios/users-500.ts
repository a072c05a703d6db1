import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/** Five hundred users and arrivals at a constant rate: high load. */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES['users-500'],
  held: 'failures',
  sharedTasks: 20,
});
