import { suddenUsers } from '../users/load-options.ts';
import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/**
 * A hundred users become a thousand within seconds, and a hundred again, to show what the service sheds and how it
 * recovers.
 */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals(
  { size: SIZES['peak-1000'], held: 'none', sharedTasks: 20 },
  suddenUsers,
);
