import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/**
 * Users and arrivals during faults that the load runner injects. Failures are expected, but nothing acknowledged may be
 * lost.
 */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES.recovery,
  held: 'none',
  sharedTasks: 10,
});
