import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/** Five hundred users for an hour: what grows, leaks or slows down shows late. */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES.soak,
  held: 'failures',
  sharedTasks: 20,
});
