import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/** Users and arrivals that go on while something is broken from outside: failures are expected, and nothing may be lost by them. */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES.recovery,
  held: 'none',
  sharedTasks: 10,
});
