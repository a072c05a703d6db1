import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/** Five hundred users for an hour, to find what grows, leaks or slows down over time. */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES.soak,
  held: 'failures',
  sharedTasks: 20,
});
