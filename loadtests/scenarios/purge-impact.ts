import { SIZES } from '../users/sizes.ts';
import { usersAndArrivals } from '../users/users-and-arrivals.ts';

/** A steady load with and without the purge worker, which purges sessions that were deleted before the run. */
export const { options, setup, closed, openLookup, openReplace } = usersAndArrivals({
  size: SIZES['purge-impact'],
  held: 'failures',
  sharedTasks: 10,
});
